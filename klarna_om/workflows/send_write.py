"""How each write is sent, and what is read where its answer leaves a doubt."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen

from klarna_om import structuring
from klarna_om.client import KlarnaClient
from klarna_om.errors import Conflict, KlarnaError, NotAllowed
from klarna_om.exchange import Response
from klarna_om.keys import Key
from klarna_om.operation import recorded_responses
from klarna_om.outcome import Outcome
from klarna_om.types import Order
from klarna_om.workflows.capture_once import capture_once
from klarna_om.workflows.effects import is_cancelled, is_released
from klarna_om.workflows.ensure_acknowledged import ensure_acknowledged
from klarna_om.workflows.reads import IN_DOUBT, read_back
from klarna_om.workflows.refund_once import refund_once
from klarna_om.workflows.writes import ONCE, WRITES


@frozen(kw_only=True)
class Write:
    """A write that was checked and kept."""

    operation: str
    order_id: str
    key: Key
    """With the time of its first use. Of a capture or refund it is derived from order, reference and generation."""
    capture_id: str | None = None
    body: str | None = field(default=None, repr=False)
    """JSON as it is sent; it may hold personal data."""
    generation: int = 0

    @property
    def content(self) -> Any:
        """The body as one of Klarna's types."""
        kind: Any = WRITES[self.operation].takes
        return structuring.read(kind, (self.body or "").encode())

    @property
    def first_tried(self) -> datetime | None:
        """When the key may first have been used."""
        return None if self.key.first_used is None else datetime.fromtimestamp(self.key.first_used, UTC)


@frozen
class Sent:
    """A call that succeeded."""

    result_id: str | None
    """The id of the capture or refund."""
    response: Response
    """To the write; to the read that found its effect, where nothing was written."""
    requests: int


async def send_write(klarna: KlarnaClient, write: Write, *, reads_first: bool = True) -> Sent:
    """Send it. `reads_first`: a capture or refund that Klarna already shows under its reference is not sent again."""
    responses: list[Response] = []
    token = recorded_responses.set(responses)
    try:
        sender = _SENDERS.get(write.operation, _send) if reads_first or write.operation not in ONCE else _send
        result_id = await sender(klarna, write)
    finally:
        recorded_responses.reset(token)
    writes = [response for response in responses if response.request.is_write]
    return Sent(result_id, (writes or responses)[-1], sum(len(response.attempts) or 1 for response in responses))


def is_settled_by_reading(operation: str, error: KlarnaError, *, reads_first: bool = True) -> bool:
    """Was the order read after this refusal, and shows no effect?"""
    was_read = operation in _READ_AFTER_REFUSAL or (reads_first and operation in ONCE)
    is_refusal = error.outcome is Outcome.REFUSED and error.status in (403, 404) and error.error_code is not None
    return was_read and is_refusal and not isinstance(error.__cause__, KlarnaError)


_READ_AFTER_REFUSAL = ("orders.cancel", "orders.release_remaining_authorization")


async def _capture(klarna: KlarnaClient, write: Write) -> str:
    return await capture_once(
        klarna, write.order_id, write.content, first_tried=write.first_tried, generation=write.generation
    )


async def _refund(klarna: KlarnaClient, write: Write) -> str:
    return await refund_once(
        klarna, write.order_id, write.content, first_tried=write.first_tried, generation=write.generation
    )


async def _acknowledge(klarna: KlarnaClient, write: Write) -> None:
    await ensure_acknowledged(klarna, write.order_id, idempotency_key=write.key)


async def _cancel(klarna: KlarnaClient, write: Write) -> None:
    await _reach(klarna, write, is_cancelled)


async def _release(klarna: KlarnaClient, write: Write) -> None:
    await _reach(klarna, write, is_released)


async def _reach(klarna: KlarnaClient, write: Write, is_reached: Callable[[Order], bool | None]) -> None:
    """Send it, and where Klarna does not allow it or the outcome is in doubt, see whether the order is as it should."""
    try:
        await _send(klarna, write)
    except KlarnaError as error:
        if not isinstance(error, NotAllowed | Conflict) and error.outcome not in IN_DOUBT:
            raise
        if not is_reached(await read_back(error, klarna.orders.get(write.order_id))):
            raise


async def _send(klarna: KlarnaClient, write: Write) -> str | None:
    """Call the method that is named after the operation."""
    group, _, method = write.operation.partition(".")
    arguments = [write.order_id, *filter(None, [write.capture_id])]
    if write.body is not None:
        arguments.append(write.content)
    result: str | None = await getattr(getattr(klarna, group), method)(*arguments, idempotency_key=write.key)
    return result


_SENDERS: Mapping[str, Callable[[KlarnaClient, Write], Awaitable[str | None]]] = {
    "captures.create": _capture,
    "refunds.create": _refund,
    "orders.acknowledge": _acknowledge,
    "orders.cancel": _cancel,
    "orders.release_remaining_authorization": _release,
}

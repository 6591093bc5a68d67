"""How each operation is sent, and what is read where its answer leaves a doubt."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from klarna_om import structuring
from klarna_om.client import KlarnaClient
from klarna_om.errors import Conflict, KlarnaError, NotAllowed
from klarna_om.exchange import Response
from klarna_om.keys import Key
from klarna_om.operation import recorded_responses
from klarna_om.outbox.intent import Intent
from klarna_om.outbox.new_intent import OPERATIONS
from klarna_om.outbox.store import Claim
from klarna_om.send_check import check_before_send
from klarna_om.types import Order, OrderStatus
from klarna_om.workflows import capture_once, ensure_acknowledged, refund_once
from klarna_om.workflows.reads import IN_DOUBT, read_back


@frozen
class Sent:
    """A call that succeeded."""

    result_id: str | None
    """The id of the capture or refund."""
    response: Response
    """To the write; to the read that found its effect, where nothing was written."""
    requests: int


async def send(klarna: KlarnaClient, claim: Claim, check: Callable[[], None]) -> Sent:
    """Make the call; `check` raises where nothing may be sent any more."""
    responses: list[Response] = []
    recording, checking = recorded_responses.set(responses), check_before_send.set(check)
    try:
        result_id = await _SENDERS.get(claim.intent.operation, _send)(klarna, claim)
    finally:
        recorded_responses.reset(recording)
        check_before_send.reset(checking)
    writes = [response for response in responses if response.request.is_write]
    return Sent(result_id, (writes or responses)[-1], sum(len(response.attempts) or 1 for response in responses))


async def _capture(klarna: KlarnaClient, claim: Claim) -> str:
    intent = claim.intent
    return await capture_once(
        klarna, intent.order_id, _content(intent), first_tried=_first_tried(klarna, claim), generation=intent.generation
    )


async def _refund(klarna: KlarnaClient, claim: Claim) -> str:
    intent = claim.intent
    return await refund_once(
        klarna, intent.order_id, _content(intent), first_tried=_first_tried(klarna, claim), generation=intent.generation
    )


async def _acknowledge(klarna: KlarnaClient, claim: Claim) -> None:
    await ensure_acknowledged(klarna, claim.intent.order_id, idempotency_key=_key(klarna, claim))


async def _cancel(klarna: KlarnaClient, claim: Claim) -> None:
    await _reach(klarna, claim, lambda order: order.status == OrderStatus.CANCELLED)


async def _release(klarna: KlarnaClient, claim: Claim) -> None:
    await _reach(klarna, claim, lambda order: order.remaining_authorized_amount == 0)


async def _reach(klarna: KlarnaClient, claim: Claim, is_reached: Callable[[Order], bool]) -> None:
    """Send it, and where Klarna does not allow it or the outcome is in doubt, see whether the order is as it should."""
    try:
        await _send(klarna, claim)
    except KlarnaError as error:
        if not isinstance(error, NotAllowed | Conflict) and error.outcome not in IN_DOUBT:
            raise
        if not is_reached(await read_back(error, klarna.orders.get(claim.intent.order_id))):
            raise


async def _send(klarna: KlarnaClient, claim: Claim) -> None:
    """Call the method that is named after the operation."""
    intent = claim.intent
    group, _, method = intent.operation.partition(".")
    arguments = [intent.order_id, *filter(None, [intent.capture_id])]
    if intent.body is not None:
        arguments.append(_content(intent))
    await getattr(getattr(klarna, group), method)(*arguments, idempotency_key=_key(klarna, claim))


_SENDERS: Mapping[str, Callable[[KlarnaClient, Claim], Awaitable[str | None]]] = {
    "captures.create": _capture,
    "refunds.create": _refund,
    "orders.acknowledge": _acknowledge,
    "orders.cancel": _cancel,
    "orders.release_remaining_authorization": _release,
}


def _content(intent: Intent) -> Any:
    kind: Any = OPERATIONS[intent.operation].takes
    return structuring.read(kind, (intent.body or "").encode())


def _key(klarna: KlarnaClient, claim: Claim) -> Key:
    """The key with its age, told on the client's own clock: the database's may differ."""
    return Key(claim.intent.idempotency_key, klarna.wall_clock() - claim.age)


def _first_tried(klarna: KlarnaClient, claim: Claim) -> datetime:
    return datetime.fromtimestamp(klarna.wall_clock() - claim.age, UTC)

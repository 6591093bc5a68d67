"""What every push and notification has in common: its checks before Klarna is asked, and its end."""

import logging
from collections.abc import AsyncIterable
from inspect import iscoroutinefunction

from attrs import evolve

from klarna_om.clock import loop_time
from klarna_om.errors import ConfigurationError, KlarnaError
from klarna_om.errors.cause_of import cause_of
from klarna_om.ids import is_uuid, normalize_id
from klarna_om.options import is_positive
from klarna_om.webhooks.push import OnPush, Push, PushResult
from klarna_om.webhooks.token import Expected, expected_tokens

logger = logging.getLogger("klarna_om")

MAX_BODY = 65_536
"""Bytes of a notification. Klarna's own has about a hundred."""


def check_settings(expected: Expected, budget: object, on_push: object) -> tuple[bytes, ...]:
    """The tokens of which one must be brought. Raises `ConfigurationError` for a setting that cannot be meant."""
    if not is_positive(budget):
        raise ConfigurationError(f"budget is a positive number of seconds, such as 4.0, not {budget!r}")
    if on_push is not None and (not callable(on_push) or iscoroutinefunction(on_push)):
        raise ConfigurationError("on_push is a plain function that takes a Push; it is not awaited")
    return expected_tokens(expected)


def order_id_of(value: object) -> str | None:
    """The id of an order as it is sent to Klarna; None for anything else."""
    found = normalize_id(value)
    return found if isinstance(found, str) and is_uuid(found) else None


async def read_body(chunks: AsyncIterable[bytes]) -> bytes:
    """The body of a notification; one that is too large is read no further than to see that it is."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY:
            break
    return bytes(body)


def finish(push: Push, started: float, on_push: OnPush | None) -> Push:
    """Log how it ended, and report it to the shop's metrics."""
    push = evolve(push, duration=loop_time() - started)
    _log(push)
    if on_push is not None:
        try:
            on_push(push)
        except Exception as error:  # noqa: BLE001  a metric must not change the answer
            logger.warning("on_push raised %s; the push is answered all the same", cause_of(error))
    return push


def _log(push: Push) -> None:
    """One line, without anything that the request or the order brought but the id of an order."""
    kind = "push" if push.event is None else "notification"
    cause = f" ({cause_of(push.error)})" if push.error is not None else _HINT.get(push.result, "")
    logger.log(
        logging.INFO if push.status == 200 else logging.WARNING,
        "%s of order %s: %s%s in %.3f s",
        kind,
        push.order_id,
        push.result,
        cause,
        push.duration,
        extra={
            "klarna_operation": kind,
            "klarna_order_id": push.order_id,
            "klarna_result": str(push.result),
            "klarna_elapsed": push.duration,
            "klarna_correlation_id": push.error.correlation_id if isinstance(push.error, KlarnaError) else None,
        },
    )


_HINT = {
    PushResult.REFUSED_ID: " (no order's id: does the URL given to Klarna hold {checkout.order.id}?)",
    PushResult.REFUSED_TOKEN: " (the URL given to Klarna must hold the token that is expected)",
}

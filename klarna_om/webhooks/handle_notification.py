"""A notification: Klarna reports that the fraud review of a pending order is over."""

import asyncio
import re
from collections.abc import AsyncIterable, Awaitable, Callable
from functools import partial
from typing import cast

from attrs import evolve

from klarna_om import structuring
from klarna_om.client import KlarnaClient
from klarna_om.clock import loop_time
from klarna_om.types import FraudStatus, Notification, Order
from klarna_om.webhooks.joining import join
from klarna_om.webhooks.push import OnPush, Push, PushResult
from klarna_om.webhooks.reception import Reception, StoppedError
from klarna_om.webhooks.request import MAX_BODY, check_settings, finish, order_id_of, read_body
from klarna_om.webhooks.token import Expected, is_right

Handle = Callable[[Order, str], Awaitable[object]]

is_event = re.compile(r"\w{1,64}", re.ASCII).fullmatch
"""A word that may be new, but no text of somebody else's."""


async def handle_notification(
    klarna: KlarnaClient,
    body: bytes | AsyncIterable[bytes],
    *,
    handle: Handle,
    token: object = None,
    expected: Expected = None,
    budget: float = 4.0,
    on_push: OnPush | None = None,
) -> Push:
    """Read the order whose fraud review is over, and handle it; answer the request with `push.status`.

    Klarna sends `{"order_id": ..., "event_type": "FRAUD_RISK_ACCEPTED"}` every 10 minutes for 24 hours until it gets a
    200 (United States and United Kingdom only). It is not signed, so the body is believed in nothing but which order to
    read. `body` is all of it, or its parts as they arrive, such as `request.stream()`: they are read within the budget,
    and only after the token was found right.

    `handle(order, event)` is awaited with the order as Klarna returns it. Act on `order.fraud_status`, never on
    `event`, which is what the body claims: one of `FraudEvent`, or another word. It must be idempotent, as a
    notification is repeated; it may return False when it had handled it before. A rejected order can still be captured
    for 4 hours, then Klarna cancels it.

    The status is 200 only when `handle` has returned. An order that Klarna still returns as PENDING is not handled:
    503, so that the notification is repeated. What is no notification, or larger than 64 KiB, gets a 404 without
    asking Klarna. `token`, `expected`, `budget` and `on_push` are those of `handle_push`.
    """
    started = loop_time()
    if not is_right(token, check_settings(expected, budget, on_push)):
        return finish(Push(result=PushResult.REFUSED_TOKEN, event=""), started, on_push)
    try:
        notification = _parse(await _read_in_time(body, started + budget))
    except StoppedError as stopped:
        return finish(Push(result=stopped.result, error=stopped.error, event=""), started, on_push)
    if notification is None:
        return finish(Push(result=PushResult.REFUSED_BODY, event=""), started, on_push)
    event, known = notification
    if known is None:
        return finish(Push(result=PushResult.REFUSED_ID, event=event), started, on_push)
    reception = Reception(klarna, known, started + budget)
    steps = partial(_receive, handle=handle, event=event)
    push = await join(klarna, (known, event), reception.until, partial(reception.run, steps))
    return finish(evolve(push, order_id=known, event=event), started, on_push)


async def _read_in_time(body: object, until: float) -> object:
    """The whole body; `StoppedError` where it is late, or where whoever sends it went away."""
    if not isinstance(body, AsyncIterable):
        return body
    try:
        async with asyncio.timeout_at(until):
            return await read_body(cast("AsyncIterable[bytes]", body))
    except TimeoutError as error:
        raise StoppedError(PushResult.BUDGET_OVER, error) from error
    except Exception as error:  # each framework has its own for a client that went away
        raise StoppedError(PushResult.REFUSED_BODY, error) from error


def _parse(body: object) -> tuple[str, str | None] | None:
    """The event and the order's id, None where it is none; None in all where this is no notification."""
    if not isinstance(body, bytes) or len(body) > MAX_BODY:
        return None
    try:
        notification = structuring.read(Notification, body)
    except structuring.Unreadable:
        return None
    event = notification.event_type or ""
    return (event, order_id_of(notification.order_id)) if is_event(event) else None


async def _receive(reception: Reception, *, handle: Handle, event: str) -> PushResult:
    order = await reception.read()
    if order.fraud_status == FraudStatus.PENDING:
        return PushResult.UNDECIDED
    is_new = await reception.call(handle, order, event, failed=PushResult.HANDLER_FAILED)
    return PushResult.HANDLED if is_new else PushResult.KNOWN

"""End an order: cancel it, or give back what is left of it."""

from enum import StrEnum

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, NotAllowed
from klarna_om.outcome import Outcome
from klarna_om.types import Order, OrderStatus


class Ended(StrEnum):
    """How an order is ended."""

    CANCELLED = "cancelled"
    """Nothing was captured, and nothing will be."""
    RELEASED = "released"
    """Something was captured; the rest was given back."""
    NOTHING_LEFT = "nothing_left"
    """It had ended before: fully captured, released, expired or closed."""


async def cancel_or_release(klarna: KlarnaClient, order_id: str) -> Ended:
    """Make sure that nothing more will be captured of an order, whatever its state is.

    The order is read first: without captures it is cancelled, with captures the remaining authorization is released,
    and an order that has ended is left alone. It is read again when Klarna does not allow the step (a capture may have
    come in between; then it is released) and when the outcome of the step is in doubt. Calling it again is harmless.
    """
    order = await klarna.orders.get(order_id)
    if (ended := _ended(order)) is not None:
        return ended
    try:
        return await _end(klarna, order_id, order)
    except KlarnaError as error:
        if not isinstance(error, NotAllowed) and error.outcome is not Outcome.UNKNOWN:
            raise
        now = await klarna.orders.get(order_id)
        if (ended := _ended(now)) is not None:
            return Ended.RELEASED if _has_captures(order) and ended is Ended.NOTHING_LEFT else ended
        if _has_captures(now) == _has_captures(order):
            raise
        return await _end(klarna, order_id, now)


async def _end(klarna: KlarnaClient, order_id: str, order: Order) -> Ended:
    if _has_captures(order):
        await klarna.orders.release_remaining_authorization(order_id)
        return Ended.RELEASED
    await klarna.orders.cancel(order_id)
    return Ended.CANCELLED


def _has_captures(order: Order) -> bool:
    return bool(order.captures or order.captured_amount)


def _ended(order: Order) -> Ended | None:
    """How the order has ended already; None when there is something to end."""
    if order.status == OrderStatus.CANCELLED:
        return Ended.CANCELLED
    if order.status in (OrderStatus.CAPTURED, OrderStatus.EXPIRED, OrderStatus.CLOSED):
        return Ended.NOTHING_LEFT
    return Ended.NOTHING_LEFT if _has_captures(order) and order.remaining_authorized_amount == 0 else None

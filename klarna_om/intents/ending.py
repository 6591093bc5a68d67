"""End an order: cancel it, or give back what is left of it."""

from enum import StrEnum
from uuid import UUID

from klarna_om.client import KlarnaClient
from klarna_om.errors import Conflict, KlarnaError, NotAllowed
from klarna_om.intents.reads import IN_DOUBT, read_back, read_first
from klarna_om.intents.reference import order_id_text
from klarna_om.types import Order, OrderStatus


class Ended(StrEnum):
    """How an order is ended."""

    CANCELLED = "cancelled"
    """Nothing was captured, and nothing will be."""
    RELEASED = "released"
    """Something was captured; the rest was given back."""
    NOTHING_LEFT = "nothing_left"
    """It had ended before: fully captured, released, expired or closed."""


async def cancel_or_release(klarna: KlarnaClient, order_id: str | UUID) -> Ended:
    """Make sure that nothing more will be captured of an order, whatever its state is.

    The order is read first: without captures it is cancelled, with captures the remaining authorization is released,
    and an order that has ended is left alone. It is read again when Klarna does not allow the step (a capture may have
    come in between; then it is released) and when the outcome of the step is in doubt. Calling it again is harmless.

    Raises the step's own error, also where the reading after it failed. When the first read fails, its error has the
    outcome UNKNOWN, also for a 403 or 404: nothing was written by this call, but an earlier one may have.
    """
    order_id = order_id_text(order_id)
    order = await read_first(klarna.orders.get(order_id))
    if (ended := _ended(order)) is not None:
        return ended
    while True:
        try:
            return await _end(klarna, order_id, order)
        except KlarnaError as error:
            if not isinstance(error, NotAllowed | Conflict) and error.outcome not in IN_DOUBT:
                raise
            now = await read_back(error, klarna.orders.get(order_id))
            if (ended := _ended(now)) is not None:
                return Ended.RELEASED if _is_released(order, now) else ended
            if _has_captures(order) or not _has_captures(now):
                raise
            order = now  # a capture came in between; from here on it is a release


async def _end(klarna: KlarnaClient, order_id: str, order: Order) -> Ended:
    if _has_captures(order):
        await klarna.orders.release_remaining_authorization(order_id)
        return Ended.RELEASED
    await klarna.orders.cancel(order_id)
    return Ended.CANCELLED


def _is_released(before: Order, now: Order) -> bool:
    """Was the rest given back? Or did another capture take it?"""
    return _has_captures(before) and now.captured_amount == before.captured_amount


def _has_captures(order: Order) -> bool:
    return bool(order.captures or order.captured_amount)


def _ended(order: Order) -> Ended | None:
    """How the order has ended already; None when there is something to end."""
    if order.status == OrderStatus.CANCELLED:
        return Ended.CANCELLED
    if order.status in (OrderStatus.CAPTURED, OrderStatus.EXPIRED, OrderStatus.CLOSED):
        return Ended.NOTHING_LEFT
    return Ended.NOTHING_LEFT if _has_captures(order) and order.remaining_authorized_amount == 0 else None

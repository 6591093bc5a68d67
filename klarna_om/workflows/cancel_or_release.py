"""End an order: cancel it, or release its remaining authorization."""

from enum import StrEnum
from uuid import UUID

from klarna_om.client import KlarnaClient
from klarna_om.errors import Conflict, KlarnaError, NotAllowed
from klarna_om.types import Order, OrderStatus
from klarna_om.workflows.reads import IN_DOUBT, read_back, read_first
from klarna_om.workflows.reference import order_id_string


class EndResult(StrEnum):
    """How an order was ended."""

    CANCELLED = "cancelled"
    """Nothing was captured, and nothing will be."""
    RELEASED = "released"
    """Something was captured; the rest was released."""
    NOTHING_LEFT = "nothing_left"
    """It had already ended: fully captured, released, expired or closed."""


async def cancel_or_release(klarna: KlarnaClient, order_id: str | UUID) -> EndResult:
    """Make sure that nothing more will be captured of an order, in any state.

    The order is read first: without captures it is cancelled, with captures the remaining authorization is released,
    and an order that has ended is not changed. It is read again when Klarna does not allow the write (a capture may
    have been made in between; then the rest is released) and when the outcome of the write is in doubt. Calling it
    again is harmless.

    Raises the error of the write, also where the read after it failed. When the first read fails, its error has the
    outcome UNKNOWN, also for a 403 or 404: this call wrote nothing, but an earlier one may have.
    """
    order_id = order_id_string(order_id)
    order = await read_first(klarna.orders.get(order_id))
    if (result := _result_of_status(order)) is not None:
        return result
    while True:
        try:
            return await _end(klarna, order_id, order)
        except KlarnaError as error:
            if not isinstance(error, NotAllowed | Conflict) and error.outcome not in IN_DOUBT:
                raise
            current = await read_back(error, klarna.orders.get(order_id))
            if (result := _result_of_status(current)) is not None:
                return EndResult.RELEASED if _is_released(order, current) else result
            if _has_captures(order) or not _has_captures(current):
                raise
            order = current  # a capture was made in between; from here on it is a release


async def _end(klarna: KlarnaClient, order_id: str, order: Order) -> EndResult:
    if _has_captures(order):
        await klarna.orders.release_remaining_authorization(order_id)
        return EndResult.RELEASED
    await klarna.orders.cancel(order_id)
    return EndResult.CANCELLED


def _is_released(before: Order, current: Order) -> bool:
    """Was the rest released? Or did another capture use it?"""
    return _has_captures(before) and current.captured_amount == before.captured_amount


def _has_captures(order: Order) -> bool:
    return bool(order.captures or order.captured_amount)


def _result_of_status(order: Order) -> EndResult | None:
    """How the order has already ended; None when there is something to end."""
    if order.status == OrderStatus.CANCELLED:
        return EndResult.CANCELLED
    if order.status in (OrderStatus.CAPTURED, OrderStatus.EXPIRED, OrderStatus.CLOSED):
        return EndResult.NOTHING_LEFT
    return EndResult.NOTHING_LEFT if _has_captures(order) and order.remaining_authorized_amount == 0 else None

"""Extend an authorization before it ends."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, NotAllowed
from klarna_om.lifecycle import allows, expires_within, has_expired
from klarna_om.money import remaining_to_capture
from klarna_om.types import Order, OrderStatus
from klarna_om.workflows.reads import read_back, read_first
from klarna_om.workflows.reference import order_id_string


class ExtendResult(StrEnum):
    """What is to be done about an order that may expire."""

    NOT_NEEDED = "not_needed"
    """Nothing is left to capture, or it does not expire within that time."""
    EXTENDED = "extended"
    """It expires later now."""
    CAPTURE_NOW = "capture_now"
    """It expires within that time and cannot be extended beyond it: capture before, or lose the authorization."""
    EXPIRED = "expired"
    """Too late for both."""


async def extend_in_time(klarna: KlarnaClient, order_id: str | UUID, within: timedelta) -> ExtendResult:
    """Extend an order's authorization if something is left to capture and it would expire within this time.

        if await extend_in_time(klarna, order_id, timedelta(days=3)) is ExtendResult.CAPTURE_NOW:
            ...

    Klarna sets the end to today and the days of your account (28, by agreement up to 180), never beyond 180 days after
    the order was made; several calls on one day give the same date, so repeating this is harmless. It is not possible
    for orders paid by card, and some others. The order is read before and after; a read that fails after a refusal
    raises the refusal. Raises `ValueError` where the order does not show when it expires.
    """
    order_id = order_id_string(order_id)
    order = await read_first(klarna.orders.get(order_id))
    now = datetime.fromtimestamp(klarna.wall_clock(), UTC)
    result = _current_result(order, within, now)
    if result is not ExtendResult.CAPTURE_NOW:
        return result
    if allows(order, "orders.extend_authorization_time", now=now).is_allowed is False:
        return ExtendResult.CAPTURE_NOW
    current = await _extend(klarna, order_id, order)
    result = _current_result(current, within, now)
    is_extended = result is ExtendResult.NOT_NEEDED and _is_later(current, order)
    return ExtendResult.EXTENDED if is_extended else result


async def _extend(klarna: KlarnaClient, order_id: str, order: Order) -> Order:
    """Ask for more time; returns the order after it, also where Klarna does not allow it."""
    try:
        await klarna.orders.extend_authorization_time(order_id)
    except KlarnaError as error:
        current = await read_back(error, klarna.orders.get(order_id))
        if not isinstance(error, NotAllowed) and not _is_later(current, order):
            raise
        return current
    return await klarna.orders.get(order_id)


def _current_result(order: Order, within: timedelta, now: datetime) -> ExtendResult:
    """What the order needs as it is, if it cannot be extended."""
    if _is_too_late(order, now):
        return ExtendResult.EXPIRED
    return ExtendResult.CAPTURE_NOW if expires_within(order, within, now=now) else ExtendResult.NOT_NEEDED


def _is_too_late(order: Order, now: datetime) -> bool:
    is_open = remaining_to_capture(order) > 0
    return order.status == OrderStatus.EXPIRED or (is_open and has_expired(order, now=now))


def _is_later(current: Order, before: Order) -> bool:
    was, is_now = before.expires_at, current.expires_at
    return was is not None and is_now is not None and is_now > was

"""When an order's authorization ends, and whether something is still to be captured before."""

from datetime import UTC, datetime, timedelta

from klarna_om.money import remaining_to_capture
from klarna_om.types import Order


def has_expired(order: Order, *, now: datetime | None = None) -> bool:
    """Is the time of its authorization over? `expires_at` counts, also where the status was read before it."""
    return _expires_at(order) <= (now or datetime.now(UTC))


def expires_within(order: Order, delta: timedelta, *, now: datetime | None = None) -> bool:
    """Will what is left to capture be lost within this time?

    False for an order of which nothing is left to capture, and for one that has expired already: nothing can be done
    about it any more. Capture in time, or extend (`extend_in_time`). Raises `ValueError` where the order does not show
    what is needed.
    """
    current = now or datetime.now(UTC)
    return remaining_to_capture(order) > 0 and current < _expires_at(order) <= current + delta


def _expires_at(order: Order) -> datetime:
    if order.expires_at is None:
        raise ValueError("expires_at is missing in the order")
    return order.expires_at

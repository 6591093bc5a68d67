"""Orders whose authorization ends soon."""

from datetime import UTC, datetime, timedelta

import pytest

from klarna_om.lifecycle import expires_within, has_expired
from klarna_om.types import Order

NOW = datetime(2027, 1, 15, tzinfo=UTC)
TWO_DAYS = timedelta(days=2)


def order(days: float, remaining: int = 100, status: str = "AUTHORIZED") -> Order:
    return Order(status=status, remaining_authorized_amount=remaining, expires_at=NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("given", "is_soon"),
    [
        (order(1), True),
        (order(2), True),
        (order(2.1), False),
        (order(0), False),  # it is too late
        (order(-1), False),
        (order(1, remaining=0), False),
        (order(1, status="CANCELLED"), False),
    ],
)
def test_an_order_expires_soon_if_something_would_be_lost(given: Order, is_soon: bool) -> None:
    assert expires_within(given, TWO_DAYS, now=NOW) is is_soon


@pytest.mark.parametrize(("days", "is_over"), [(1, False), (0, True), (-1, True)])
def test_an_order_has_expired_at_its_time(days: int, is_over: bool) -> None:
    assert has_expired(order(days), now=NOW) is is_over


def test_the_current_time_counts_where_none_is_given() -> None:
    soon = Order(remaining_authorized_amount=1, expires_at=datetime.now(UTC) + timedelta(hours=1))

    assert (expires_within(soon, TWO_DAYS), has_expired(soon)) == (True, False)


def test_an_order_that_does_not_show_its_end_is_named() -> None:
    with pytest.raises(ValueError, match="expires_at is missing"):
        has_expired(Order())

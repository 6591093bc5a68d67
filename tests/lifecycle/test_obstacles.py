"""The current order shows whether a capture or refund is possible, and what to do if it is not."""

import pytest

from klarna_om import FraudStatus, Order, OrderStatus
from klarna_om.lifecycle.obstacles import capture_obstacle, refund_obstacle


def test_the_remaining_amount_can_be_captured() -> None:
    order = Order(status=OrderStatus.AUTHORIZED, fraud_status=FraudStatus.ACCEPTED, remaining_authorized_amount=100)

    assert capture_obstacle(order, 100) is None
    assert capture_obstacle(Order(remaining_authorized_amount=100), 100) is None


@pytest.mark.parametrize(
    ("order", "advice"),
    [
        (Order(remaining_authorized_amount=99), "99 can still be captured, not 100; raise the authorization"),
        (Order(), "does not show its remaining_authorized_amount"),
        (Order(status="CANCELLED", remaining_authorized_amount=100), "the order is cancelled"),
        (Order(status="EXPIRED", remaining_authorized_amount=100), "the authorization has expired"),
        (Order(status="CLOSED", remaining_authorized_amount=100), "the order is closed"),
        (Order(status="CAPTURED", remaining_authorized_amount=100), "the order is fully captured"),
        (Order(fraud_status="PENDING", remaining_authorized_amount=100), "Klarna is reviewing the order"),
        (Order(fraud_status="REJECTED", remaining_authorized_amount=100), "rejected the order"),
        (Order(fraud_status="STOPPED", remaining_authorized_amount=100), "stopped the order"),
    ],
)
def test_the_obstacle_to_a_capture_is_named(order: Order, advice: str) -> None:
    assert advice in (capture_obstacle(order, 100) or "")


def test_what_cannot_be_captured_is_not_advised() -> None:
    order = Order(captured_amount=1000, refunded_amount=1000, remaining_authorized_amount=0)

    assert refund_obstacle(order, 1) == "0 can still be refunded, not 1; refund less under another reference"


@pytest.mark.parametrize(
    ("captured", "refunded", "advice"),
    [
        (None, None, "does not show its captured_amount"),
        (0, 0, "0 can still be refunded, not 100; capture first"),
        (150, 51, "99 can still be refunded"),
        (150, 50, None),
        (100, None, None),
    ],
)
def test_the_obstacle_to_a_refund_is_named(captured: int | None, refunded: int | None, advice: str | None) -> None:
    found = refund_obstacle(Order(captured_amount=captured, refunded_amount=refunded), 100)

    assert (found is None) if advice is None else (advice in (found or ""))


def test_an_amount_of_zero_is_never_allowed() -> None:
    order = Order(remaining_authorized_amount=100, captured_amount=100)

    assert capture_obstacle(order, 0) == refund_obstacle(order, 0) == "the amount must be more than 0"
    assert capture_obstacle(order, 1) is refund_obstacle(order, 1) is None

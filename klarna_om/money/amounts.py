"""What is captured of an order, and what remains, by the totals that Klarna keeps."""

from klarna_om.types import Order, OrderStatus

_OVER = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED})
"""Nothing can be captured any more. https://docs.klarna.com/payments/after-payments/order-management/"""


def is_fully_captured(order: Order) -> bool:
    """Has the whole amount of the order been captured?

    A part, after which the rest was released, is not the whole: nothing `remaining_to_capture` is another question.
    Of an order of 0 there is nothing to capture, so it counts as captured.
    """
    return _amount(order, "captured_amount") >= _amount(order, "order_amount")


def remaining_to_capture(order: Order) -> int:
    """The most that a capture may take, in minor units; 0 once the order is cancelled or expired.

    Klarna counts it. An amount that it shows for a cancelled or expired order cannot be captured, so it is passed over;
    one below 0 is 0.
    """
    return 0 if order.status in _OVER else max(0, _amount(order, "remaining_authorized_amount"))


def remaining_to_release(order: Order) -> int:
    """What `release_remaining_authorization` would give back to the customer, in minor units.

    It is what could be captured instead. Before the first capture an order is cancelled, not released.
    """
    return remaining_to_capture(order)


def remaining_to_refund(order: Order) -> int:
    """The most that refunds may give back, in minor units: what is captured and not refunded yet, never less than 0."""
    return max(0, _amount(order, "captured_amount") - _amount(order, "refunded_amount"))


def _amount(order: Order, name: str) -> int:
    amount: int | None = getattr(order, name)
    if amount is None:
        raise ValueError(f"{name} is missing in the order")
    return amount

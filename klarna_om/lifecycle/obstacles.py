"""Why an order does not allow a capture or refund now, and what to do about it."""

from collections.abc import Mapping

from klarna_om.types import FraudStatus, Order, OrderStatus

_STATUS: Mapping[str | None, str] = {
    OrderStatus.CAPTURED: "the order is fully captured; capture the rest on a new order",
    OrderStatus.CANCELLED: "the order is cancelled; the customer has to order again",
    OrderStatus.EXPIRED: "the authorization has expired; the customer has to order again",
    OrderStatus.CLOSED: "the order is closed; the customer has to order again",
}

_FRAUD: Mapping[str | None, str] = {
    FraudStatus.PENDING: "Klarna is reviewing the order; call again when its fraud_status is ACCEPTED",
    FraudStatus.REJECTED: "Klarna's fraud review rejected the order; do not ship it, ask Klarna",
    FraudStatus.STOPPED: "Klarna's fraud review stopped the order; do not ship it, ask Klarna",
}

_NOTHING = "the amount must be more than 0"


def capture_obstacle(order: Order, amount: int) -> str | None:
    """Why this amount cannot be captured, with what to do; None where the order shows no reason."""
    if amount < 1:
        return _NOTHING
    if (known := _STATUS.get(order.status) or _FRAUD.get(order.fraud_status)) is not None:
        return known
    remaining = order.remaining_authorized_amount
    if remaining is None:
        return "the order does not show its remaining_authorized_amount; look it up in Klarna's portal"
    if remaining < amount:
        return (
            f"{remaining} can still be captured, not {amount}; raise the authorization"
            " (orders.update_authorization) and call again, or capture less under another reference"
        )
    return None


def refund_obstacle(order: Order, amount: int) -> str | None:
    """Why this amount cannot be refunded, with what to do; None where the order shows no reason."""
    if amount < 1:
        return _NOTHING
    if order.captured_amount is None:
        return "the order does not show its captured_amount; look it up in Klarna's portal"
    refundable = order.captured_amount - (order.refunded_amount or 0)
    if refundable < amount:
        capture = "" if order.remaining_authorized_amount == 0 else "capture first and call again, or "
        return f"{refundable} can still be refunded, not {amount}; {capture}refund less under another reference"
    return None

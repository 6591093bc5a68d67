"""What Klarna posts to a shop's notification URL."""

from attrs import field, frozen

from klarna_om.types.model import request_model


@request_model
@frozen(kw_only=True, slots=False)
class Notification:
    """A pending order's fraud review is over. US and UK only; sent every 10 minutes for 24 hours until a 200.

    It is not signed: read the order and look at its `fraud_status` before acting. A document without an
    `order_id` is no notification and cannot be read.
    https://docs.klarna.com/payments/after-payments/order-management/more-actions/pending-orders/
    """

    order_id: str
    event_type: str | None = field(default=None)
    """One of `FraudEvent`, or another word."""

"""What comes without an order: the body of an error, and a fraud notification."""

from attrs import field, frozen

from klarna_om.types.model import request_model, response_model


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class ErrorMessage:
    """The body of a refusal. The specification has eight schemas of this one shape.

    Act on `error_code` only. https://docs.klarna.com/api/errors
    """

    error_code: str | None = field(default=None)
    """One of `ErrorCode`, or a newer value."""
    error_messages: tuple[str, ...] = field(default=())
    error_message: str | None = field(default=None)
    """In no specification of this API; Klarna's general rule allows it in place of `error_messages`."""
    correlation_id: str | None = field(default=None)
    """Quote it to Klarna's support. Not always a full UUID."""


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class Notification:
    """A pending order's fraud review is over. US and UK only; sent every 10 minutes for 24 hours until a 200.

    It is not signed: read the order and check its `fraud_status` before acting. A document without an
    `order_id` is no notification and cannot be read.
    https://docs.klarna.com/payments/after-payments/order-management/more-actions/pending-orders/
    """

    order_id: str
    event_type: str | None = field(default=None)
    """One of `FraudEvent`, or another value."""

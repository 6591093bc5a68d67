"""Changing where an order goes."""

from attrs import field, frozen

from klarna_om.types.address import Address
from klarna_om.types.model import request_model


@request_model
@frozen(kw_only=True, slots=False)
class UpdateConsumer:
    """A request to change the address of an order. It is a new credit check.

    Only the given fields of the address change; an empty text clears one, but for those that Klarna needs.
    https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/view-and-change-orders/
    """

    shipping_address: Address | None = field(default=None)
    billing_address: Address | None = field(default=None)
    """Deprecated: gone from the specification in 2024; Klarna answers 403 or ignores it. Model so that old
    requests can be read and written unchanged."""

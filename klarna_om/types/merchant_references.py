"""The shop's own names for an order."""

from attrs import field, frozen

from klarna_om.types.limits import text
from klarna_om.types.model import request_model


@request_model
@frozen(kw_only=True, slots=False)
class UpdateMerchantReferences:
    """A request to set one or both references. None leaves a reference as it is, an empty text clears it.

    Limits: `merchant_reference1` 255 characters, `merchant_reference2` 255 characters.

    https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/view-and-change-orders/
    """

    merchant_reference1: str | None = field(default=None, metadata=text())
    """The shop's order number, which the customer sees."""
    merchant_reference2: str | None = field(default=None, metadata=text())

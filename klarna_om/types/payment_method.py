"""How an order was paid at first."""

from attrs import field, frozen

from klarna_om.types.integer import Int64
from klarna_om.types.model import response_model


@response_model
@frozen(kw_only=True, slots=False)
class InitialPaymentMethod:
    """The payment method chosen at purchase.

    Raising an order's amount works only for some: see `UpdateAuthorization`.
    https://docs.klarna.com/api/ordermanagement/
    """

    type: str | None = field(default=None)
    """One of `PaymentMethodType`, or a newer word."""
    description: str | None = field(default=None)
    number_of_installments: Int64 | None = field(default=None)

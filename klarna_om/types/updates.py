"""Requests that change an order: its authorization, its customer's details, the shop's references."""

from attrs import field, frozen

from klarna_om.types.customer import Address
from klarna_om.types.limits import money, string
from klarna_om.types.model import request_model
from klarna_om.types.order_line import MAX_ORDER_LINES, OrderLine, as_lines
from klarna_om.types.scalars import Int64


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class UpdateAuthorization:
    """A request to set a new total and new lines. Without lines Klarna deletes those of the order.

    The amount must differ from the current one and not fall below what is captured. A higher one is a new
    risk check and possible for INVOICE, B2B_INVOICE, BASE_ACCOUNT, DIRECT_DEBIT and FIXED_AMOUNT, not in
    every market. Nothing can be changed once the order is fully captured, cancelled or expired. Kustom
    requires `order_lines`.

    Limits: `description` 255 characters, `order_amount` from 0 up to 200000000, `order_lines` 0 to 1000 items.

    https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/view-and-change-orders/
    """

    order_amount: Int64 = field(metadata=money(ge=0, required=True))
    """The new total in minor units; not the difference."""
    description: str | None = field(default=None, metadata=string())
    """Why."""
    order_lines: tuple[OrderLine, ...] | None = field(default=None, converter=as_lines, metadata=MAX_ORDER_LINES)
    """All lines of the order, old and new. None leaves the field out, an empty list is sent as one."""


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class UpdateConsumer:
    """A request to change the address of an order. It is a new credit check.

    Only the given fields of the address change; an empty string clears one, but for those that Klarna needs.
    https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/view-and-change-orders/
    """

    shipping_address: Address | None = field(default=None)
    billing_address: Address | None = field(default=None)
    """Deprecated: gone from the specification in 2024; Klarna answers 403 or ignores it. Kept so that old
    requests can be read and written unchanged."""


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class UpdateMerchantReferences:
    """A request to set one or both references. None leaves a reference as it is, an empty string clears it.

    Limits: `merchant_reference1` 255 characters, `merchant_reference2` 255 characters.

    https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/view-and-change-orders/
    """

    merchant_reference1: str | None = field(default=None, metadata=string())
    """The shop's order number, which the customer sees."""
    merchant_reference2: str | None = field(default=None, metadata=string())

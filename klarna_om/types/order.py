"""An order, whole."""

from attrs import field, frozen

from klarna_om.types.capture import Capture
from klarna_om.types.customer import Address, Customer
from klarna_om.types.model import response_model
from klarna_om.types.order_line import OrderLine
from klarna_om.types.refund import Refund
from klarna_om.types.scalars import Int64, Moment
from klarna_om.types.shipping import ShippingInfo
from klarna_om.types.shipping_option import SelectedShippingOption


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class InitialPaymentMethod:
    """The payment method chosen at purchase.

    Raising an order's amount works only for some: see `UpdateAuthorization`.
    https://docs.klarna.com/api/ordermanagement/
    """

    type: str | None = field(default=None)
    """One of `PaymentMethodType`, or a newer value."""
    description: str | None = field(default=None)
    number_of_installments: Int64 | None = field(default=None)


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Order:
    """An order as Klarna keeps it, for up to three years after it was made.

    Klarna promises no field. What it leaves out reads as None, but lists read as empty, so that `for
    capture in order.captures` needs no guard. Amounts are in minor units. A field that this class does not
    know is in `Reply.body`.
    https://docs.klarna.com/api/ordermanagement/
    """

    order_id: str | None = field(default=None)
    """Shaped like a UUID, but not always of a valid version; at most 255 characters."""
    status: str | None = field(default=None)
    """One of `OrderStatus`, or a newer value."""
    fraud_status: str | None = field(default=None)
    """One of `FraudStatus`, or a newer value."""
    order_amount: Int64 | None = field(default=None)
    original_order_amount: Int64 | None = field(default=None)
    captured_amount: Int64 | None = field(default=None)
    refunded_amount: Int64 | None = field(default=None)
    remaining_authorized_amount: Int64 | None = field(default=None)
    """What can still be captured."""
    purchase_currency: str | None = field(default=None)
    """ISO 4217; lower case in older documents."""
    locale: str | None = field(default=None)
    order_lines: tuple[OrderLine, ...] = field(default=())
    merchant_reference1: str | None = field(default=None)
    """The shop's order number, which the customer sees."""
    merchant_reference2: str | None = field(default=None)
    klarna_reference: str | None = field(default=None)
    """The short reference that Klarna uses with the customer."""
    customer: Customer | None = field(default=None)
    billing_address: Address | None = field(default=None)
    shipping_address: Address | None = field(default=None)
    created_at: Moment | None = field(default=None)
    """None also when Klarna sends no readable time; see `Moment`."""
    purchase_country: str | None = field(default=None)
    """ISO 3166-1 alpha-2; lower case in older documents."""
    expires_at: Moment | None = field(default=None)
    """The order can be captured until then; by default midnight UTC, 28 days on. Unreadable: None."""
    captures: tuple[Capture, ...] = field(default=())
    refunds: tuple[Refund, ...] = field(default=())
    """The only place to list refunds."""
    merchant_data: str | None = field(default=None, repr=False)
    """The shop's own, set when the order was made."""
    initial_payment_method: InitialPaymentMethod | None = field(default=None)
    selected_shipping_option: SelectedShippingOption | None = field(default=None)
    shipping_info: tuple[ShippingInfo, ...] = field(default=())

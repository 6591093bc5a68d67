"""Taking money for what was shipped."""

from attrs import field, frozen

from klarna_om.types.customer import Address
from klarna_om.types.limits import money, number, string
from klarna_om.types.model import request_model, response_model
from klarna_om.types.order_line import MAX_ORDER_LINES, OrderLine, as_lines
from klarna_om.types.scalars import Int64, Moment
from klarna_om.types.shipping import MAX_SHIPPING_INFO, ShippingInfo, as_parcels


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class CaptureObject:
    """A request to capture all or part of what is authorised.

    Klarna refuses more than the order's `remaining_authorized_amount`, and anything on a cancelled or
    expired order. A capture also counts as acknowledging the order.

    Limits: `captured_amount` from 0 up to 200000000, `description` 255 characters, `order_lines` 0 to 1000
    items, `reference` 255 characters, `shipping_delay` from 0, `shipping_info` 0 to 500 items.

    https://docs.klarna.com/payments/after-payments/order-management/
    """

    captured_amount: Int64 = field(metadata=money(ge=0, required=True))
    """Minor units."""
    description: str | None = field(default=None, metadata=string())
    """Shown to the customer."""
    reference: str | None = field(default=None, metadata=string())
    """The shop's own; it goes into the settlement files."""
    order_lines: tuple[OrderLine, ...] | None = field(default=None, converter=as_lines, metadata=MAX_ORDER_LINES)
    """What is captured; a refund is allocated to it by equal `reference` of a line."""
    shipping_info: tuple[ShippingInfo, ...] | None = field(
        default=None, converter=as_parcels, metadata=MAX_SHIPPING_INFO
    )
    shipping_delay: Int64 | None = field(default=None, metadata=number(ge=0))
    """More than 0 only where Klarna has switched it on for the account. Never given back by a read."""


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Capture:
    """A capture as Klarna keeps it. Any field may be missing; amounts are in minor units.

    `order_lines` and `shipping_info` are empty both when Klarna sends none and when it leaves the key out.

    Limits: `captured_amount` from 1, `reference` 255 characters.

    https://docs.klarna.com/api/ordermanagement/
    """

    capture_id: str | None = field(default=None)
    klarna_reference: str | None = field(default=None)
    """The order's reference and a number: `K4MADNY-1`."""
    captured_amount: Int64 | None = field(default=None, metadata=number(ge=1))
    """0 has been seen in published samples."""
    captured_at: Moment | None = field(default=None)
    """None also when Klarna sends no readable time; see `Moment`."""
    description: str | None = field(default=None)
    order_lines: tuple[OrderLine, ...] = field(default=())
    refunded_amount: Int64 | None = field(default=None)
    billing_address: Address | None = field(default=None)
    shipping_address: Address | None = field(default=None)
    shipping_info: tuple[ShippingInfo, ...] = field(default=())
    reference: str | None = field(default=None, metadata=string())

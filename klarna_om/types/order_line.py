"""A line of an order, a capture or a refund, and what belongs to its article."""

from collections.abc import Iterable

from attrs import field, frozen

from klarna_om.types.limits import REQUIRED, URL_MAX, items, money, number, string
from klarna_om.types.model import response_model
from klarna_om.types.scalars import Int64


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class ProductIdentifiers:
    """Brand, category and numbers of a product, for the customer and for Klarna's risk assessment.

    Limits: `brand` 70 characters, `category_path` 750 characters, `color` 64 characters,
    `global_trade_item_number` 50 characters, `manufacturer_part_number` 70 characters, `size` 64 characters.

    https://docs.klarna.com/api/ordermanagement/
    """

    category_path: str | None = field(default=None, metadata=string(750))
    """`Electronics Store > Computers & Tablets > Desktops`."""
    global_trade_item_number: str | None = field(default=None, metadata=string(50))
    """EAN, ISBN or UPC, without dashes and spaces where possible."""
    manufacturer_part_number: str | None = field(default=None, metadata=string(70))
    """Together with the brand it names the product."""
    brand: str | None = field(default=None, metadata=string(70))
    """Leave it out where there is none."""
    color: str | None = field(default=None, metadata=string(64))
    size: str | None = field(default=None, metadata=string(64))


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Subscription:
    """The cadence of the subscription that an order line belongs to: every `interval_count` times `interval`.

    A request must have all three fields; in an answer any may be missing and reads as None.

    Limits: `interval_count` from 1, `name` 255 characters.

    https://docs.klarna.com/api/ordermanagement/
    """

    name: str | None = field(metadata=string(required=True))
    interval: str | None = field(metadata=REQUIRED)
    """One of `SubscriptionInterval`, or a newer value."""
    interval_count: Int64 | None = field(metadata=number(ge=1, required=True))
    """At least 1."""


MAX_ORDER_LINES = items(1000)
"""The metadata of every list of order lines that is sent."""


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class OrderLine:
    """One line: a product, a fee, a discount, a tax. Amounts are in minor units (cent, öre, penny).

    `name`, `quantity`, `unit_price` and `total_amount` are required in a request, and so by the
    constructor. In an answer any of them may be missing and then reads as None: `OrderLine(name=None, ...)`
    makes such a line.

    Klarna expects `total_amount == quantity * unit_price - total_discount_amount`, but orders have been
    read where it is not so. In the US there is no `tax_rate`; the tax is a separate line of type
    `sales_tax`. A refund is allocated to a capture by equal `reference`. A return fee is a line of type
    `return_fee` with negative `unit_price` and `total_amount`, in a refund of exactly the lines' sum.

    Limits: `image_url` 1024 characters, `merchant_data` 1024 characters, `name` 255 characters, `product_url`
    1024 characters, `quantity` from 0, `quantity_unit` 10 characters, `reference` 255 characters, `tax_rate`
    from 0, `total_amount` up to 200000000, `total_discount_amount` from 0 up to 200000000, `total_tax_amount`
    up to 200000000, `unit_price` up to 200000000.

    https://docs.klarna.com/api/ordermanagement/
    """

    reference: str | None = field(default=None, metadata=string())
    """Article number or SKU."""
    type: str | None = field(default=None)
    """One of `OrderLineType`, or a newer value."""
    quantity: Int64 | None = field(metadata=number(ge=0, required=True))
    quantity_unit: str | None = field(default=None, metadata=string(10))
    """`kg`, `pcs.`; comes back as an empty string when it was never set."""
    name: str | None = field(metadata=string(required=True))
    total_amount: Int64 | None = field(metadata=money(required=True))
    """With tax, after discount. Negative for what lowers the sum."""
    unit_price: Int64 | None = field(metadata=money(required=True))
    """With tax, before discount. Negative for what lowers the sum."""
    total_discount_amount: Int64 | None = field(default=None, metadata=money(ge=0))
    """With tax, of the whole line."""
    tax_rate: Int64 | None = field(default=None, metadata=number(ge=0))
    """Percent with two implied decimals: 2500 is 25 %."""
    total_tax_amount: Int64 | None = field(default=None, metadata=money())
    """`total_amount - total_amount * 10000 / (10000 + tax_rate)`, give or take 1."""
    merchant_data: str | None = field(default=None, repr=False, metadata=string(1024))
    """The shop's own; Klarna gives it back."""
    product_url: str | None = field(default=None, metadata=string(URL_MAX))
    image_url: str | None = field(default=None, metadata=string(URL_MAX))
    product_identifiers: ProductIdentifiers | None = field(default=None)
    subscription: Subscription | None = field(default=None)


def as_lines(lines: Iterable[OrderLine] | None) -> tuple[OrderLine, ...] | None:
    """Keep the lines that a caller passed, in any iterable, as a tuple."""
    return None if lines is None else tuple(lines)

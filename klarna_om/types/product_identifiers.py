"""What a product is, in words that others know it by."""

from attrs import field, frozen

from klarna_om.types.limits import text
from klarna_om.types.model import response_model


@response_model
@frozen(kw_only=True, slots=False)
class ProductIdentifiers:
    """Brand, category and numbers of a product, for the customer and for Klarna's risk assessment.

    Limits: `brand` 70 characters, `category_path` 750 characters, `color` 64 characters,
    `global_trade_item_number` 50 characters, `manufacturer_part_number` 70 characters, `size` 64 characters.

    https://docs.klarna.com/api/ordermanagement/
    """

    category_path: str | None = field(default=None, metadata=text(750))
    """`Electronics Store > Computers & Tablets > Desktops`."""
    global_trade_item_number: str | None = field(default=None, metadata=text(50))
    """EAN, ISBN or UPC, without dashes and spaces where possible."""
    manufacturer_part_number: str | None = field(default=None, metadata=text(70))
    """Together with the brand it names the product."""
    brand: str | None = field(default=None, metadata=text(70))
    """Leave it out where there is none."""
    color: str | None = field(default=None, metadata=text(64))
    size: str | None = field(default=None, metadata=text(64))

"""How goods travel, and back."""

from collections.abc import Iterable

from attrs import field, frozen

from klarna_om.types.limits import URL_MAX, items, string
from klarna_om.types.model import request_model, response_model

MAX_SHIPPING_INFO = items(500)
"""The metadata of a list of shipping information that is sent with a capture."""


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class ShippingInfo:
    """One parcel: its carrier, its tracking, and the same for the way back.

    Carriers should be codes of Klarna's list, such as `dhl-express`, which lets Klarna track the parcel;
    free text such as `DHL US` is in use and accepted.

    Limits: `return_shipping_company` 100 characters, `return_tracking_number` 100 characters,
    `return_tracking_uri` 1024 characters, `shipping_company` 100 characters, `tracking_number` 100 characters,
    `tracking_uri` 1024 characters.

    https://docs.klarna.com/payments/after-payments/order-management/more-actions/klarna-carrier-partner-list/
    """

    shipping_company: str | None = field(default=None, metadata=string(100))
    shipping_method: str | None = field(default=None)
    """One of `ShippingMethod`, or a newer value."""
    tracking_number: str | None = field(default=None, metadata=string(100))
    tracking_uri: str | None = field(default=None, metadata=string(URL_MAX))
    return_shipping_company: str | None = field(default=None, metadata=string(100))
    return_tracking_number: str | None = field(default=None, metadata=string(100))
    return_tracking_uri: str | None = field(default=None, metadata=string(URL_MAX))


def as_parcels(parcels: Iterable[ShippingInfo] | None) -> tuple[ShippingInfo, ...] | None:
    """Keep the shipping information that a caller passed, in any iterable, as a tuple."""
    return None if parcels is None else tuple(parcels)


def as_some_parcels(parcels: Iterable[ShippingInfo]) -> tuple[ShippingInfo, ...]:
    """Keep shipping information that must be there."""
    return tuple(parcels)


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class UpdateShippingInfo:
    """Shipping information to add to an order or to a capture. It is appended: what is there stays.

    Limits: `shipping_info` 1 to 500 items.

    https://docs.klarna.com/api/ordermanagement/
    """

    shipping_info: tuple[ShippingInfo, ...] = field(
        converter=as_some_parcels, metadata=items(500, min_items=1, required=True)
    )
    """1 to 500 entries."""

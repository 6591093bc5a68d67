"""What the customer chose in the checkout, for orders whose shop uses a transport management system (TMS)."""

from attrs import field, frozen

from klarna_om.types.limits import REQUIRED, number
from klarna_om.types.model import response_model
from klarna_om.types.scalars import Int64


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class AddressLocation:
    """Where a pick-up point is. It shows where a customer lives, so only the country shows in `repr`."""

    street_address: str | None = field(default=None, repr=False, metadata=REQUIRED)
    country: str | None = field(default=None, metadata=REQUIRED)
    street_address__2: str | None = field(default=None, repr=False)
    """With two underscores: so it is in the specification and in recorded orders."""
    postal_code: str | None = field(default=None, repr=False)
    city: str | None = field(default=None, repr=False)
    region: str | None = field(default=None, repr=False)


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Location:
    """The pick-up point that the customer chose."""

    id: str | None = field(default=None)
    name: str | None = field(default=None, repr=False)
    price: Int64 | None = field(default=None)
    """Minor units."""
    address: AddressLocation | None = field(default=None)


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Timeslot:
    """When the customer wants the delivery.

    The times are texts as the TMS gave them; the specification promises no format.
    """

    id: str | None = field(default=None)
    start: str | None = field(default=None)
    end: str | None = field(default=None)
    cutoff: str | None = field(default=None)
    price: Int64 | None = field(default=None)
    """Minor units."""


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class CarrierProduct:
    """The carrier's own product behind the option."""

    name: str | None = field(default=None)
    identifier: str | None = field(default=None)


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Addon:
    """An extra that the customer chose, such as `sms` or `entry-code`.

    Limits: `price` from 0.
    """

    type: str | None = field(default=None, metadata=REQUIRED)
    price: Int64 | None = field(default=None, metadata=number(ge=0, required=True))
    """Minor units."""
    external_id: str | None = field(default=None)
    user_input: str | None = field(default=None, repr=False)
    """What the customer typed: a telephone number, an entry code."""


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class SelectedShippingOption:
    """The shipping option that the customer selected. Amounts are in minor units.

    Klarna's field `class` is `class_` here, since `class` is a Python keyword. Only the name differs.
    https://docs.klarna.com/api/ordermanagement/
    """

    id: str | None = field(default=None)
    name: str | None = field(default=None)
    tms_reference: str | None = field(default=None)
    carrier: str | None = field(default=None)
    type: str | None = field(default=None)
    method: str | None = field(default=None)
    price: Int64 | None = field(default=None)
    tax_amount: Int64 | None = field(default=None)
    tax_rate: Int64 | None = field(default=None)
    """Percent with two implied decimals, as in an order line."""
    location: Location | None = field(default=None)
    timeslot: Timeslot | None = field(default=None)
    carrier_product: CarrierProduct | None = field(default=None)
    selected_addons: tuple[Addon, ...] = field(default=())
    class_: str | None = field(default=None, alias="class_")
    """Klarna's `class`."""

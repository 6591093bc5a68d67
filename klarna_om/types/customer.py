"""Who buys: the customer, and where they live."""

from datetime import date

from attrs import field, frozen

from klarna_om.types.limits import string
from klarna_om.types.model import response_model


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Address:
    """A billing or shipping address; no field is certain to be there.

    In an update only the fields that are given change, and an empty string clears one, but for those that
    Klarna needs. Klarna sends an empty string for what was never set. Only the country shows in `repr`: the
    rest is personal data.

    Limits: `attention` 255 characters, `city` 200 characters, `email` 100 characters, `family_name` 100
    characters, `given_name` 100 characters, `organization_name` 255 characters, `phone` 100 characters,
    `postal_code` 10 characters, `region` 200 characters, `street_address` 100 characters, `street_address2` 100
    characters, `title` 20 characters.

    https://docs.klarna.com/api/ordermanagement/
    """

    given_name: str | None = field(default=None, repr=False, metadata=string(100))
    family_name: str | None = field(default=None, repr=False, metadata=string(100))
    title: str | None = field(default=None, repr=False, metadata=string(20))
    street_address: str | None = field(default=None, repr=False, metadata=string(100))
    street_address2: str | None = field(default=None, repr=False, metadata=string(100))
    postal_code: str | None = field(default=None, repr=False, metadata=string(10))
    city: str | None = field(default=None, repr=False, metadata=string(200))
    region: str | None = field(default=None, repr=False, metadata=string(200))
    """Required in the US."""
    country: str | None = field(default=None)
    """ISO 3166-1 alpha-2; both cases are seen."""
    email: str | None = field(default=None, repr=False, metadata=string(100))
    phone: str | None = field(default=None, repr=False, metadata=string(100))
    organization_name: str | None = field(default=None, repr=False, metadata=string())
    """Orders of companies only."""
    attention: str | None = field(default=None, repr=False, metadata=string())


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Customer:
    """What Klarna sends about the customer; often nothing. No personal data shows in `repr`.

    https://docs.klarna.com/api/ordermanagement/
    """

    date_of_birth: date | None = field(default=None, repr=False)
    """None also when Klarna sends a string that is no date; the text is still in `Reply.body`."""
    national_identification_number: str | None = field(default=None, repr=False)
    type: str | None = field(default=None)
    """`person` has been seen. It is in no specification."""

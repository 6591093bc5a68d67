"""Who placed an order."""

from datetime import date

from attrs import field, frozen

from klarna_om.types.model import response_model


@response_model
@frozen(kw_only=True, slots=False)
class Customer:
    """What Klarna sends about the customer; often nothing. No personal data shows in `repr`.

    https://docs.klarna.com/api/ordermanagement/
    """

    date_of_birth: date | None = field(default=None, repr=False)
    """None also when Klarna sends a text that is no date; the text is still in `Reply.body`."""
    national_identification_number: str | None = field(default=None, repr=False)
    type: str | None = field(default=None)
    """`person` has been seen. It is in no specification."""

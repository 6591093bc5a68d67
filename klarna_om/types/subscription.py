"""How often a subscribed product is paid."""

from attrs import field, frozen

from klarna_om.types.integer import Int64
from klarna_om.types.limits import REQUIRED, number, text
from klarna_om.types.model import response_model


@response_model
@frozen(kw_only=True, slots=False)
class Subscription:
    """The cadence of the subscription that an order line belongs to: every `interval_count` times `interval`.

    A request must have all three fields; in an answer any may be missing and reads as None.

    Limits: `interval_count` from 1, `name` 255 characters.

    https://docs.klarna.com/api/ordermanagement/
    """

    name: str | None = field(metadata=text(required=True))
    interval: str | None = field(metadata=REQUIRED)
    """One of `SubscriptionInterval`, or a newer word."""
    interval_count: Int64 | None = field(metadata=number(ge=1, required=True))
    """At least 1."""

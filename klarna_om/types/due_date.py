"""More time for the customer to pay."""

from attrs import field, frozen

from klarna_om.types.kinds import Whole
from klarna_om.types.limits import REQUIRED
from klarna_om.types.record import Request


@frozen(kw_only=True)
class ExtendDueDateOption:
    """One number of days, and what it costs the shop."""

    number_of_days: Whole = field(default=None)
    amount: Whole = field(default=None)
    """The fee in minor units of the options' currency. One free option (2 days) an order."""


@frozen(kw_only=True)
class ExtendDueDateOptions:
    """By how much the due date of a capture can be extended. Pay-later orders only; may be empty.

    https://docs.klarna.com/order-management/post-delivery/extend-customer-due-date/
    """

    currency: str | None = field(default=None)
    """ISO 4217; lower case has been seen."""
    options: tuple[ExtendDueDateOption, ...] = field(default=())


@frozen(kw_only=True)
class ExtendDueDateRequest(Request):
    """A request to extend the due date of a capture, for a fee.

    https://docs.klarna.com/order-management/post-delivery/extend-customer-due-date/
    """

    number_of_days: int = field(metadata=REQUIRED)
    """Must be one of the capture's `ExtendDueDateOptions`."""

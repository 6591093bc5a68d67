"""More time for the customer to pay."""

from attrs import field, frozen

from klarna_om.types.limits import REQUIRED
from klarna_om.types.model import request_model, response_model
from klarna_om.types.scalars import Int64


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class ExtendDueDateOption:
    """One number of days, and what it costs the shop."""

    number_of_days: Int64 | None = field(default=None)
    amount: Int64 | None = field(default=None)
    """The fee in minor units of the options' currency. One free option (2 days) an order."""


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class ExtendDueDateOptions:
    """By how much the due date of a capture can be extended. Pay-later orders only; may be empty.

    https://docs.klarna.com/order-management/post-delivery/extend-customer-due-date/
    """

    currency: str | None = field(default=None)
    """ISO 4217; lower case has been seen."""
    options: tuple[ExtendDueDateOption, ...] = field(default=())


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class ExtendDueDateRequest:
    """A request to extend the due date of a capture, for a fee.

    https://docs.klarna.com/order-management/post-delivery/extend-customer-due-date/
    """

    number_of_days: Int64 = field(metadata=REQUIRED)
    """Must be one of the capture's `ExtendDueDateOptions`."""

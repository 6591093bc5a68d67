"""Giving money back."""

from attrs import field, frozen

from klarna_om.types.limits import money, string
from klarna_om.types.model import request_model, response_model
from klarna_om.types.order_line import MAX_ORDER_LINES, OrderLine, as_lines
from klarna_om.types.scalars import Int64, Moment


@request_model
@frozen(kw_only=True, slots=False, eq=False)
class RefundObject:
    """A request to give back all or part of what was captured.

    Klarna refuses more than was captured. A line finds its capture by equal `reference`. With a return fee
    among the lines, `refunded_amount` must be the exact sum of the lines, and the order captured in one
    full capture.

    Limits: `description` 255 characters, `order_lines` 0 to 1000 items, `reference` 255 characters,
    `refunded_amount` from 0 up to 200000000.

    https://docs.klarna.com/payments/after-payments/order-management/
    """

    refunded_amount: Int64 = field(metadata=money(ge=0, required=True))
    """Minor units."""
    description: str | None = field(default=None, metadata=string())
    """Shown to the customer."""
    reference: str | None = field(default=None, metadata=string())
    """The shop's own; it goes into the settlement files."""
    order_lines: tuple[OrderLine, ...] | None = field(default=None, converter=as_lines, metadata=MAX_ORDER_LINES)


@response_model
@frozen(kw_only=True, slots=False, eq=False)
class Refund:
    """A refund as Klarna keeps it. Any field may be missing; amounts are in minor units.

    `order_lines` is empty both when Klarna sends none and when it leaves the key out.
    https://docs.klarna.com/api/ordermanagement/
    """

    refund_id: str | None = field(default=None)
    """Missing in the refunds of older orders."""
    refunded_amount: Int64 | None = field(default=None)
    refunded_at: Moment | None = field(default=None)
    """None also when Klarna sends no readable time; see `Moment`."""
    description: str | None = field(default=None)
    reference: str | None = field(default=None)
    order_lines: tuple[OrderLine, ...] = field(default=())
    credit_invoice: bool | None = field(default=None)
    """Orders of companies only: the customer gets the refund as a credit invoice."""

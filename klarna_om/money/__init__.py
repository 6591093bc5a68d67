"""Money without a money library: amounts stay whole minor units, as Klarna has them.

    order = await klarna.orders.get(order_id)
    if not is_fully_captured(order):
        print(show(remaining_to_capture(order), order.purchase_currency))    # 12.34 EUR

Pure functions of Klarna's last answer. Where that leaves out an amount that they need they raise `ValueError`, and name
it; they never guess.
"""

from klarna_om.money.amounts import is_fully_captured, remaining_to_capture, remaining_to_refund, remaining_to_release
from klarna_om.money.currencies import decimals
from klarna_om.money.formatting import major_units, minor_units, show
from klarna_om.money.lines import UncapturedLine, uncaptured_lines
from klarna_om.money.refund_lines import refund_lines
from klarna_om.money.remaining_lines import remaining_lines

__all__ = [
    "UncapturedLine",
    "decimals",
    "is_fully_captured",
    "major_units",
    "minor_units",
    "refund_lines",
    "remaining_lines",
    "remaining_to_capture",
    "remaining_to_refund",
    "remaining_to_release",
    "show",
    "uncaptured_lines",
]

"""The order lines of a capture that takes all that is left."""

from klarna_om.money.amounts import remaining_to_capture
from klarna_om.money.line_parts import is_alike, part_of
from klarna_om.money.lines import UncapturedLine, uncaptured_lines
from klarna_om.types import Order, OrderLine


def remaining_lines(order: Order) -> tuple[OrderLine, ...]:
    """The lines of what is left to capture; none where they cannot be known.

    That is so after a capture without lines, as the portal makes them, and where the lines that are left do not add up
    to what Klarna says can be captured (after a release, or a change of the amount alone). A capture without lines is
    valid; wrong lines would be shown to the customer.
    """
    try:
        left = uncaptured_lines(order)
    except ValueError:
        return ()
    lines = [line for each in left for line in _lines_of(each)]
    return tuple(lines) if sum(line.total_amount or 0 for line in lines) == remaining_to_capture(order) else ()


def _lines_of(left: UncapturedLine) -> tuple[OrderLine, ...]:
    """The lines themselves where nothing of them is captured, else one for the part that is left."""
    ordered = sum(line.quantity or 0 for line in left.lines), sum(line.total_amount or 0 for line in left.lines)
    if ordered == (left.quantity, left.amount):
        return left.lines
    return (part_of(left.lines[0], left.quantity, left.amount),) if is_alike(left.lines) else ()

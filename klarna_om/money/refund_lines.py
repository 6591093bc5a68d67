"""A refund by its lines: what came back, by reference and quantity, to what it is worth.

Klarna allocates a refund to captures by equal `reference` of their lines, and so does this.
https://docs.klarna.com/order-management/in-depth-knowledge/refund-allocation/
"""

from collections.abc import Iterable, Mapping

from attrs import define, field

from klarna_om.money.amounts import is_fully_captured, remaining_to_refund
from klarna_om.money.line_parts import is_alike, part_of, share_of
from klarna_om.types import Order, OrderLine, RefundObject


def refund_lines(
    order: Order, quantities: Mapping[str, int], *, reference: str | None = None, description: str | None = None
) -> RefundObject:
    """The refund of these quantities, by the lines' `reference`, for `refund_once`.

        refund = refund_lines(order, {"SKU-1": 2, "SHIPPING": 1}, reference="return-7")
        refund_id = await refund_once(klarna, order_id, refund)

    A part is worth its share of what was captured under the reference, to the nearest minor unit; the last part is
    worth exactly what is left, so all parts together are the whole. What earlier refunds took is counted, and so is a
    discount within the line. A discount that is a line of its own is named by its own reference.

    Raises `ValueError` with the reason where it is more than was captured and not refunded yet, where a reference is
    unknown, and where the order cannot tell: a capture of a part, or a refund, that has no lines (made in the portal,
    or by amount alone). Then refund an amount: `RefundObject(refunded_amount=...)`.
    """
    if not quantities:
        raise ValueError("quantities is empty: name at least one line by its reference")
    taken = _captured(order)
    for index, refund in enumerate(order.refunds):
        if not refund.order_lines and refund.refunded_amount != 0:
            raise ValueError(f"refunds[{index}].order_lines is missing: what was refunded is not known by line")
        for line, quantity, amount in _counted(refund.order_lines, f"refunds[{index}]"):
            if (known := taken.get(line.reference or "")) is not None:
                known.give_back(quantity, amount)
    lines = tuple(_line(taken, name, quantity) for name, quantity in quantities.items())
    total, most = sum(line.total_amount or 0 for line in lines), remaining_to_refund(order)
    if not 0 < total <= most:
        raise ValueError(f"these lines are worth {total}, and {most} can still be refunded")
    return RefundObject(refunded_amount=total, order_lines=lines, reference=reference, description=description)


@define
class _Taken:
    """What was captured under a reference, and what of it is refunded."""

    lines: list[OrderLine] = field(factory=list[OrderLine])
    quantity: int = 0
    amount: int = 0
    refunded_quantity: int = 0
    refunded_amount: int = 0

    def take(self, line: OrderLine, quantity: int, amount: int) -> None:
        self.lines.append(line)
        self.quantity += quantity
        self.amount += amount

    def give_back(self, quantity: int, amount: int) -> None:
        self.refunded_quantity += quantity
        self.refunded_amount += amount

    def worth(self, quantity: int) -> int:
        """Of a quantity: its share, or all that is left."""
        left = self.amount - self.refunded_amount
        if quantity == self.quantity - self.refunded_quantity:
            return left
        share = share_of(self.amount, quantity, self.quantity)
        return min(share, left) if self.amount >= 0 else max(share, left)


def _captured(order: Order) -> dict[str, _Taken]:
    """By reference. All lines of the order where everything is captured and a capture does not say which."""
    taken: dict[str, _Taken] = {}
    has_lines = all(capture.order_lines or capture.captured_amount == 0 for capture in order.captures)
    if has_lines:
        captured = [(f"captures[{index}]", capture.order_lines) for index, capture in enumerate(order.captures)]
    elif is_fully_captured(order):
        captured = [("the order", order.order_lines)]
    else:
        raise ValueError("a capture of a part has no order_lines: what was captured is not known by line")
    for path, lines in captured:
        for line, quantity, amount in _counted(lines, path):
            if line.reference:
                taken.setdefault(line.reference, _Taken()).take(line, quantity, amount)
    return taken


def _line(taken: Mapping[str, _Taken], reference: str, quantity: int) -> OrderLine:
    known = taken.get(reference)
    if known is None:
        raise ValueError(f"no captured line has the reference {reference!r}")
    if type(quantity) is not int or quantity < 1:
        raise ValueError(f"the quantity of {reference!r} is a whole number, 1 or more, not {quantity!r}")
    left = known.quantity - known.refunded_quantity
    if quantity > left:
        raise ValueError(f"{left} of {reference!r} can still be refunded, not {quantity}")
    if not is_alike(known.lines):
        raise ValueError(f"lines with the reference {reference!r} differ in price, tax rate or type: refund an amount")
    return part_of(known.lines[0], quantity, known.worth(quantity))


def _counted(lines: Iterable[OrderLine], path: str) -> Iterable[tuple[OrderLine, int, int]]:
    """Lines with their quantity and amount, which must be there."""
    for line in lines:
        if line.quantity is None or line.total_amount is None:
            raise ValueError(f"a line of {path} has no quantity or no total_amount")
        yield line, line.quantity, line.total_amount

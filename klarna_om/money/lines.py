"""What is still to be captured, line by line."""

from collections.abc import Iterable, Iterator

from attrs import define, field, frozen

from klarna_om.money.amounts import is_fully_captured
from klarna_om.types import Capture, Order, OrderLine


@frozen
class UncapturedLine:
    """What is left of the order's lines with one reference."""

    reference: str | None
    """None is for all lines without one, together: nothing distinguishes them."""
    quantity: int
    """0 where the quantity is captured, at another amount than the order's."""
    amount: int
    """Minor units, with tax, after discount; negative for what lowers the sum."""
    lines: tuple[OrderLine, ...]
    """The order's lines, as they were ordered: usually one."""


def uncaptured_lines(order: Order) -> tuple[UncapturedLine, ...]:
    """The lines that no capture has taken yet, or only in part, in the order of their first line.

    Klarna matches lines by equal `reference`, and so does this, over all captures. What was captured under a reference
    that the order does not have (any more), or beyond it, is not listed. Nothing is left of an order whose whole
    amount is captured, whatever lines it has. A line that is left may not be possible to capture any more: see
    `remaining_to_capture`.

    Raises `ValueError` where the lines cannot tell: a capture without lines took something, or an amount or a quantity
    is missing.
    """
    if is_fully_captured(order):
        return ()
    remaining: dict[str | None, _Remaining] = {}
    for line, quantity, amount in _with_quantities(order.order_lines, "order_lines"):
        remaining.setdefault(line.reference or None, _Remaining()).add(line, quantity, amount)
    for index, capture in enumerate(order.captures):
        for line, quantity, amount in _with_quantities(_lines(capture, index), f"captures[{index}].order_lines"):
            if (ordered := remaining.get(line.reference or None)) is not None:
                ordered.take(quantity, amount)
    return tuple(rest.line(reference) for reference, rest in remaining.items() if rest.is_something)


@define
class _Remaining:
    """What remains under one reference, while it is counted."""

    quantity: int = 0
    amount: int = 0
    lines: list[OrderLine] = field(factory=list[OrderLine])

    @property
    def is_something(self) -> bool:
        return self.quantity > 0 or (self.quantity == 0 and self.amount != 0)

    def add(self, line: OrderLine, quantity: int, amount: int) -> None:
        self.lines.append(line)
        self.quantity += quantity
        self.amount += amount

    def take(self, quantity: int, amount: int) -> None:
        self.quantity -= quantity
        self.amount -= amount

    def line(self, reference: str | None) -> UncapturedLine:
        return UncapturedLine(reference, self.quantity, self.amount, tuple(self.lines))


def _lines(capture: Capture, index: int) -> tuple[OrderLine, ...]:
    """The lines of a capture, which must have some if it took anything."""
    if not capture.order_lines and capture.captured_amount != 0:
        raise ValueError(f"captures[{index}].order_lines is missing: what was captured is not known by line")
    return capture.order_lines


def _with_quantities(lines: Iterable[OrderLine], path: str) -> Iterator[tuple[OrderLine, int, int]]:
    """Lines with their quantity and amount, which must be there."""
    for index, line in enumerate(lines):
        quantity = _require(line.quantity, f"{path}[{index}].quantity")
        yield line, quantity, _require(line.total_amount, f"{path}[{index}].total_amount")


def _require(number: int | None, path: str) -> int:
    if number is None:
        raise ValueError(f"{path} is missing")
    return number

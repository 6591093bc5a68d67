"""A return fee: what the shop keeps of a refund, as a separate line.

Klarna offers it in 15 markets, for orders that were captured in one full capture; a request does not show either.
"""

from collections.abc import Iterator

from klarna_om.checks.parts import lines_of, whole_numbers
from klarna_om.types import OrderLineType, RefundObject


def find_wrong_return_fee(content: RefundObject) -> Iterator[str]:
    """Find a return fee that is not negative: it would give back more, not less."""
    for path, line in lines_of(content):
        if line.type == OrderLineType.RETURN_FEE:
            yield from _not_negative(f"{path}unit_price", line.unit_price)
            yield from _not_negative(f"{path}total_amount", line.total_amount)


def _not_negative(path: str, amount: int | None) -> Iterator[str]:
    if whole_numbers(amount) and amount is not None and amount >= 0:
        yield f"{path}: should be negative in a return fee, got {amount}"

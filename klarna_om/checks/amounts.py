"""Amounts that should agree with each other. All in whole minor units; nothing is ever rounded.

All of it draws warnings only: Klarna itself stores lines that do not add up (3 for 100: 3 * 3333 = 10000), and gives
them back for the shop to capture.
"""

from collections.abc import Iterator

from klarna_om.checks.parts import amount_of, lines_of, whole_numbers
from klarna_om.checks.rule import WithLines
from klarna_om.types import CaptureObject


def find_wrong_line_sums(content: WithLines) -> Iterator[str]:
    """Find lines that do not add up. A line without a discount has one of 0."""
    for path, line in lines_of(content):
        numbers = whole_numbers(line.quantity, line.unit_price, line.total_discount_amount or 0, line.total_amount)
        if numbers is None:
            continue
        quantity, price, discount, total = numbers
        if total != quantity * price - discount:
            yield (
                f"{path}total_amount: should be quantity * unit_price - total_discount_amount"
                f" = {quantity} * {price} - {discount} = {quantity * price - discount}, got {total}"
            )


def find_wrong_sum(content: WithLines) -> Iterator[str]:
    """Find an amount that is not the sum of its lines."""
    name, value = amount_of(content)
    numbers = whole_numbers(value, *(line.total_amount for _, line in lines_of(content)))
    if numbers is None or len(numbers) == 1:
        return
    amount, *totals = numbers
    if amount != sum(totals):
        yield f"{name}: the lines add up to {sum(totals)}, got {amount}"


def find_empty_capture(content: CaptureObject) -> Iterator[str]:
    """Find a capture of 0."""
    if whole_numbers(amount_of(content)[1]) == (0,):
        yield "captured_amount: a capture is of at least 1, got 0"


def find_wrong_tax(content: WithLines) -> Iterator[str]:
    """Find lines whose tax does not follow from their rate, give or take 1. In the US lines have no rate."""
    for path, line in lines_of(content):
        numbers = whole_numbers(line.total_amount, line.tax_rate, line.total_tax_amount)
        if numbers is None or numbers[1] < 0:
            continue
        total, rate, tax = numbers
        whole = 10_000 + rate
        if abs(total * rate - tax * whole) > whole:
            yield f"{path}total_tax_amount: a tax_rate of {rate} in {total} is {total * rate // whole}, got {tax}"

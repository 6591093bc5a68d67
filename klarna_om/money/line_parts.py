"""A part of an order line: so many of it, for so much. Sums stay exact; only the tax of a part is rounded."""

from collections.abc import Sequence

from attrs import evolve

from klarna_om.types import OrderLine


def part_of(line: OrderLine, quantity: int, amount: int) -> OrderLine:
    """The line for a part of its quantity.

    Klarna's rules hold for it: `total_amount` is `quantity * unit_price - total_discount_amount`, and the tax is what
    the rate says of the total. An amount above price times quantity (a rounded price) leaves no discount; Klarna stores
    such lines too.
    """
    discount = None if line.unit_price is None else quantity * line.unit_price - amount
    return evolve(
        line,
        quantity=quantity,
        total_amount=amount,
        total_discount_amount=discount if discount is not None and discount > 0 else _none_like(line),
        total_tax_amount=None if line.tax_rate is None else tax_of(amount, line.tax_rate),
    )


def _none_like(line: OrderLine) -> int | None:
    """No discount, said as the line says it."""
    return None if line.total_discount_amount is None else 0


def tax_of(amount: int, tax_rate: int) -> int:
    """The tax that is in an amount: `amount - amount * 10000 / (10000 + tax_rate)`, to the nearest minor unit."""
    return share_of(amount, tax_rate, 10_000 + tax_rate)


def share_of(amount: int, part: int, whole: int) -> int:
    """`amount * part / whole` to the nearest whole number, halves away from 0; without floats."""
    product = abs(amount * part)
    rounded = (2 * product + whole) // (2 * whole)
    return rounded if amount * part >= 0 else -rounded


def is_alike(lines: Sequence[OrderLine]) -> bool:
    """Do lines differ in nothing that a part must have: price and tax rate?"""
    return len({(line.unit_price, line.tax_rate, line.type) for line in lines}) == 1

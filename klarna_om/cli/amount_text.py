"""Amounts for a person, in the currency of their order."""

import re

from klarna_om.money import show

_AMOUNTS = re.compile(
    r"\d+ can still be (?:captured|refunded), not \d+|has the amount \[\d+(?:, \d+)*\] at Klarna, not \d+"
)
"""What messages of the library have in minor units, since they do not know the currency."""


def amount_text(amount: int | None, currency: str | None) -> str:
    """An amount as `12.50 EUR`; in minor units where the order does not show a currency."""
    if amount is None:
        return "unknown"
    try:
        return show(amount, currency)
    except ValueError:
        return f"{amount} minor units"


def with_currency(message: str, currency: str | None) -> str:
    """The message with its amounts in the order's currency."""

    def convert(found: "re.Match[str]") -> str:
        return re.sub(r"\d+", lambda number: amount_text(int(number[0]), currency), found[0])

    return _AMOUNTS.sub(convert, message)

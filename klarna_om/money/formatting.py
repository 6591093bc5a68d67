"""Amounts as strings and back, exactly: no float, no rounding, no locale.

To format an amount for customers use a library of your choice, which needs it in major units:

    babel.numbers.format_currency(Decimal(major_units(1234, "SEK")), "SEK", locale="sv_SE")    # 12,34 kr
"""

import re
from decimal import Decimal

from klarna_om.money.currencies import code_of, decimals

MAX_DIGITS = 100
"""Digits before or after the point. A number with more is no amount; 1E+999999999 would fill the memory."""

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")


def show(amount: int | None, currency: str | None) -> str:
    """An amount in minor units as a string for logs and people: `12.34 EUR`, `1234 JPY`, `1.234 KWD`.

    An amount or a currency that an order lacks is refused with `TypeError` or `ValueError`.
    """
    return f"{major_units(amount, currency)} {code_of(currency)}"


def major_units(amount: int | None, currency: str | None) -> str:
    """An amount in minor units as a plain number: `12.34` for 1234 EUR. `minor_units` is the way back."""
    places = decimals(currency)
    if type(amount) is not int:
        raise TypeError(f"an amount is a whole number of minor units, not {type(amount).__name__}")
    sign, digits = "-" if amount < 0 else "", str(abs(amount)).zfill(places + 1)
    point = len(digits) - places
    return f"{sign}{digits[:point]}.{digits[point:]}" if places else f"{sign}{digits}"


def minor_units(number: str | Decimal, currency: str | None) -> int:
    """The minor units of a number: 1234 for `"12.34"` or `Decimal("12.34")` in EUR. Always exact.

    The number has a point, and no separators, exponent or spaces. Zeros may follow, since databases add them: 12.3400
    is 1234 EUR too. Raises `ValueError` for digits that the currency does not have, and for what is no number. An int
    could be meant either way and a float is not exact, so they are refused with `TypeError`.
    """
    places = decimals(currency)
    parts = _NUMBER.fullmatch(_plain(number))
    if parts is None:
        raise ValueError("a number is written like 12.34: digits, a point, no separators")
    sign, whole, fraction = parts.group(1), parts.group(2), (parts.group(3) or "")
    decimal_part, rest = fraction[:places].ljust(places, "0"), fraction[places:]
    if rest.strip("0"):
        raise ValueError(f"{code_of(currency)} has {places} decimals, the number has more")
    return int(f"{sign}{whole}{decimal_part}")


def _plain(number: object) -> str:
    if isinstance(number, Decimal):
        return f"{number:f}" if abs(number.adjusted()) < MAX_DIGITS else str(number)
    if isinstance(number, str):
        return number
    raise TypeError(f"pass a str or a Decimal, not {type(number).__name__}: it must be exact and in major units")

"""AMOUNT as a person types it: exactly as its currency writes it, so that it cannot be read in two ways.

`1250` could be 12.50 in minor units, and `1.250` a thousand and more. So an amount in EUR has two decimals, one in JPY
none, and there are no separators; minor units are a choice of their own (`--minor`).
"""

import re
from typing import Any

import click

from klarna_om.money import decimals, major_units, minor_units

_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WITH_COMMA = re.compile(r"([0-9]+),([0-9]{2})")


class Amount(click.ParamType[str]):
    """Digits, with a point and decimals where the currency has them; the currency is known later."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check its form, or fail with what to write."""
        text = str(value)
        if _AMOUNT.fullmatch(text) is None:
            comma = _WITH_COMMA.fullmatch(text)
            example = f"write {comma[1]}.{comma[2]}" if comma else "write digits and a point, such as 12.50"
            self.fail(f"{text!r} is not an amount: {example}", param, ctx)
        return text


def parse_amount(text: str, currency: str | None, *, minor: bool) -> int:
    """The amount in minor units; raises `click.UsageError` with what to write instead."""
    amount = _whole_number(text) if minor else _in_currency(text, currency)
    if amount < 1:
        raise click.UsageError("the amount must be more than 0")
    return amount


def _whole_number(text: str) -> int:
    if not text.isdigit():
        raise click.UsageError(f"with --minor an amount is a whole number of minor units, such as 1250, not {text!r}")
    return int(text)


def _in_currency(text: str, currency: str | None) -> int:
    try:
        places, code = decimals(currency), (currency or "").upper()
    except ValueError:
        raise click.UsageError("the order shows no currency: give the amount in minor units, with --minor") from None
    if (given := len(text.partition(".")[2])) == places:
        return minor_units(text, currency)
    message = f"{text!r} has {given or 'no'} decimals, and {code} is written with {places or 'none'}"
    if not given:
        message += f": write {text}.{'0' * places}, or {text} --minor for {major_units(int(text), currency)} {code}"
    raise click.UsageError(message)

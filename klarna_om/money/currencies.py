"""How many decimals a currency has: ISO 4217, which Klarna goes by.

https://docs.klarna.com/api-reference/data-types
"""

from collections.abc import Mapping
from types import MappingProxyType

USUAL = 2
"""What every currency has that is not named here: cents, öre, pence."""

_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS: Mapping[str, int] = MappingProxyType(
    {code: number for number, codes in _OTHERS.items() for code in codes.split()}
)
"""The currencies with another number of decimals than two."""

WITHOUT_MINOR_UNIT = frozenset(
    ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
)
"""Codes for which ISO 4217 knows no minor unit: metals, funds, tests."""


def decimals(currency: str | None) -> int:
    """How many decimals an amount has in a currency, by its ISO 4217 code in either case.

    2, but for the currencies in `DECIMALS`: JPY has 0, KWD 3. Any other code of three letters is taken for a currency
    of two decimals, since ISO adds codes now and then. Raises `ValueError` for what cannot be one, and for None: an
    order may come without its currency.
    """
    return DECIMALS.get(code_of(currency), USUAL)


def code_of(currency: str | None) -> str:
    """The code in upper case; older documents of Klarna have it in lower case."""
    if currency is None or len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise ValueError(f"a currency is a code of three letters (ISO 4217), not {currency!r}")
    if (code := currency.upper()) in WITHOUT_MINOR_UNIT:
        raise ValueError(f"{code} has no minor unit in ISO 4217")
    return code

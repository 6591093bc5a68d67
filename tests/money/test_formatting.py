from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.money import decimals, major_units, minor_units, show
from klarna_om.money.currencies import DECIMALS, WITHOUT_MINOR_UNIT

CURRENCIES = st.sampled_from(["EUR", "sek", "GBP", *DECIMALS])


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1234, "EUR", "12.34 EUR"),
        (1234, "JPY", "1234 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (1234, "CLF", "0.1234 CLF"),
        (0, "EUR", "0.00 EUR"),
        (5, "SEK", "0.05 SEK"),
        (-5, "SEK", "-0.05 SEK"),
        (-1234, "ISK", "-1234 ISK"),
        (200_000_000, "usd", "2000000.00 USD"),
    ],
)
def test_an_amount_is_shown_in_the_currencys_own_decimals(amount: int, currency: str, text: str) -> None:
    assert show(amount, currency) == text


@pytest.mark.parametrize(("currency", "places"), [("EUR", 2), ("eur", 2), ("JPY", 0), ("KWD", 3), ("UYW", 4)])
def test_the_decimals_are_those_of_iso_4217(currency: str, places: int) -> None:
    assert decimals(currency) == places


def test_no_currency_is_named_that_has_the_usual_decimals() -> None:
    assert set(DECIMALS.values()) == {0, 3, 4}
    assert not WITHOUT_MINOR_UNIT & set(DECIMALS)


@given(st.integers(-(10**30), 10**30), CURRENCIES)
def test_every_amount_is_read_back_from_its_string(amount: int, currency: str) -> None:
    text = major_units(amount, currency)

    assert minor_units(text, currency) == amount
    assert minor_units(Decimal(text), currency) == amount


@given(st.integers(-(10**12), 10**12), CURRENCIES)
def test_the_string_equals_the_result_of_exact_arithmetic(amount: int, currency: str) -> None:
    assert Decimal(major_units(amount, currency)) == Decimal(amount).scaleb(-decimals(currency))


@pytest.mark.parametrize(
    ("number", "currency", "amount"),
    [
        ("12.34", "EUR", 1234),
        ("12.3", "EUR", 1230),
        ("12", "EUR", 1200),
        ("+12", "eur", 1200),
        ("-0.05", "EUR", -5),
        ("-0", "EUR", 0),
        ("1234", "JPY", 1234),
        ("1234.000", "JPY", 1234),
        ("12.3400", "EUR", 1234),
        ("1.234", "KWD", 1234),
        (Decimal("12.34"), "EUR", 1234),
        (Decimal("12.3400"), "EUR", 1234),
        (Decimal("1E+3"), "EUR", 100_000),
        (Decimal("1E-2"), "EUR", 1),
    ],
)
def test_a_number_becomes_minor_units_exactly(number: str | Decimal, currency: str, amount: int) -> None:
    assert minor_units(number, currency) == amount


@pytest.mark.parametrize(
    ("number", "currency", "reason"),
    [
        ("12.345", "EUR", "EUR has 2 decimals, the number has more"),
        ("0.5", "jpy", "JPY has 0 decimals, the number has more"),
        (Decimal("0.0001"), "KWD", "KWD has 3 decimals, the number has more"),
        *[
            (text, "EUR", "a number is written like 12.34")
            for text in ("", "12,34", "1,234.50", "1e3", "12.", ".5", " 12", "12 EUR", "١٢", "NaN", "--1")
        ],
        *[
            (Decimal(text), "EUR", "a number is written like 12.34")
            for text in ("NaN", "Infinity", "1E+999999999", "1E-999999999")
        ],
    ],
)
def test_what_is_no_exact_amount_of_the_currency_is_refused(number: Any, currency: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        minor_units(number, currency)


@pytest.mark.parametrize("number", [12.34, 12, True, None])
def test_only_strings_and_decimals_are_exact_and_in_major_units(number: Any) -> None:
    with pytest.raises(TypeError, match=f"pass a str or a Decimal, not {type(number).__name__}"):
        minor_units(number, "EUR")


@pytest.mark.parametrize("amount", [12.34, "12", True, None, Decimal(12)])
def test_only_whole_numbers_are_minor_units(amount: Any) -> None:
    with pytest.raises(TypeError, match=f"a whole number of minor units, not {type(amount).__name__}"):
        show(amount, "EUR")


@pytest.mark.parametrize("currency", [None, "", "EURO", "E1R", "aß", "€"])
def test_what_is_no_code_of_a_currency_is_refused(currency: str | None) -> None:
    with pytest.raises(ValueError, match="a currency is a code of three letters"):
        show(1234, currency)


def test_a_code_without_a_minor_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="XAU has no minor unit"):
        minor_units("1", "xau")

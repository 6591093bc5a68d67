"""AMOUNT at the command line: one form for each currency, which cannot be read in two ways."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.cli.amount_argument import Amount, parse_amount
from klarna_om.money import major_units


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("12.50", "EUR", 1250), ("0.05", "sek", 5), ("1200", "JPY", 1200), ("1.234", "KWD", 1234), ("007.00", "EUR", 700)],
)
def test_an_amount_is_read_as_its_currency_writes_it(text: str, currency: str, amount: int) -> None:
    assert parse_amount(Amount().convert(text, None, None), currency, minor=False) == amount


@given(st.integers(1, 200_000_000), st.sampled_from(["EUR", "JPY", "KWD", "CLF", "sek"]))
def test_what_is_shown_can_be_typed_and_is_the_same_amount(amount: int, currency: str) -> None:
    assert parse_amount(Amount().convert(major_units(amount, currency), None, None), currency, minor=False) == amount


def test_minor_units_are_whole_numbers_in_any_currency() -> None:
    assert [parse_amount("1250", currency, minor=True) for currency in ("EUR", "JPY", None)] == [1250] * 3


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("12,50", "'12,50' is not an amount: write 12.50"),
        ("1,250", "write digits and a point, such as 12.50"),
        ("1,250.00", "write digits and a point, such as 12.50"),
        ("12.50EUR", "write digits and a point, such as 12.50"),
        ("1e3", "write digits and a point"),
        (".50", "write digits and a point"),
        ("12.", "write digits and a point"),
        ("+5.00", "write digits and a point"),
        ("१२.५०", "write digits and a point"),
        ("", "write digits and a point"),
    ],
)
def test_another_form_is_refused_with_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(click.BadParameter, match=advice):
        Amount().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "currency", "minor", "advice"),
    [
        (
            "12",
            "EUR",
            False,
            "'12' has no decimals, and EUR is written with 2: write 12.00, or 12 --minor for 0.12 EUR",
        ),
        ("12.5", "EUR", False, "'12.5' has 1 decimals, and EUR is written with 2"),
        ("1.250", "EUR", False, "'1.250' has 3 decimals, and EUR is written with 2"),
        ("12.00", "JPY", False, "'12.00' has 2 decimals, and JPY is written with none"),
        ("12.50", "EUR", True, "with --minor an amount is a whole number of minor units, such as 1250, not '12.50'"),
        ("12.50", None, False, "the order shows no currency: give the amount in minor units, with --minor"),
        ("0.00", "EUR", False, "the amount must be more than 0"),
        ("0", "EUR", True, "the amount must be more than 0"),
    ],
)
def test_an_amount_that_does_not_fit_its_currency_is_refused(
    text: str, currency: str | None, minor: bool, advice: str
) -> None:
    with pytest.raises(click.UsageError) as refused:
        parse_amount(text, currency, minor=minor)

    assert refused.value.message == advice

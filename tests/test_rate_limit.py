"""The headers of the quota, read strictly: what is not in Klarna's form is treated as absent."""

import pytest

from klarna_om.rate_limit import LONGEST_WAIT, RateLimit, rate_limit, seconds_to_reset


@pytest.mark.parametrize(
    ("text", "limit", "window"),
    [
        ("40", 40, 1),
        ("40, 40", 40, 1),
        ("40, 40;w=1", 40, 1),
        (" 40,40 ; w=10 ", 40, 10),
        ("200, 200;w=86400", 200, 86400),
        ("999999999, 999999999;w=999999999", 999999999, 999999999),
        ('40, 40;w=1;comment="a, b"', 40, 1),
        ("40, 40;w=1, 1000;w=3600", 40, 1),
    ],
)
def test_a_limit_is_read_as_it_was_sent(text: str, limit: int, window: int) -> None:
    assert rate_limit({"X-Ratelimit-Limit": text}) == RateLimit(limit, window, None, None)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "0", "-5", "40.5", "1e3", "0x28", "4_0", "٣", "1234567890", "40 40", "40,", "40, x", "40, 50;w=1"),
        *("40, 40;w=0", "40, 40;w=-1", "40, 40;w=x", "40, 40;w=", "40, 40;w=1.5", "40, 40;x=1", "40;w=1", "0, 0;w=1"),
    ],
)
def test_what_is_not_in_klarnas_form_is_treated_as_absent(text: str) -> None:
    assert rate_limit({"X-Ratelimit-Limit": text, "X-Ratelimit-Remaining": "0"}) is None


def test_without_a_limit_there_is_no_quota() -> None:
    assert rate_limit({"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "1"}) is None


@pytest.mark.parametrize(
    ("text", "remaining"),
    [("0", 0), ("40", 40), (" 5 ", 5), ("41", None), ("-1", None), ("", None), ("x", None), ("1.5", None)],
)
def test_what_remains_is_from_nothing_to_the_limit(text: str, remaining: int | None) -> None:
    quota = rate_limit({"X-Ratelimit-Limit": "40", "X-Ratelimit-Remaining": text})

    assert quota is not None
    assert quota.remaining == remaining


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        (" 2.5 ", 2.5),
        ("99999", 99999),
        ("1000000000", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        *((text, None) for text in ("", "-1", "+1", "nan", "inf", "1e9", "1_000", "1.", ".5", "٣", "1 2")),
    ],
)
def test_a_reset_is_a_number_of_seconds_and_a_week_at_most(text: str, seconds: float | None) -> None:
    headers = {"X-Ratelimit-Limit": "40", "X-Ratelimit-Reset": text}

    assert seconds_to_reset(headers) == seconds
    quota = rate_limit(headers)
    assert quota is not None
    assert quota.reset == seconds

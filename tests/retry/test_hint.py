"""When the server says to come back: any header gives a number from 0 to a week, or nothing."""

from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from klarna_om.answers.classification import classify
from klarna_om.exchange import Request, Response
from klarna_om.rate_limit import LONGEST_WAIT
from klarna_om.retry.hint import retry_after

NOW = 1_800_000_000.0
REQUEST = Request("orders.get", "GET", "/x")


def wait(status: int = 503, **headers: str) -> float | None:
    by_name = {name.replace("_", "-"): value for name, value in headers.items()}
    return retry_after(Response(REQUEST, status, by_name, b""), NOW)


def date(seconds_from_now: float, zone: str = "GMT") -> str:
    return formatdate(NOW + seconds_from_now, usegmt=True).replace("GMT", zone)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("0.5", 0.5),
        ("1000000000", LONGEST_WAIT),
        ("9" * 5000, LONGEST_WAIT),
        *((text, None) for text in ("", "-5", "+5", "nan", "inf", "-inf", "1e9", "1_000", "soon", "٣", "5 s")),
    ],
)
def test_seconds_are_digits_and_a_week_at_most(text: str, seconds: float | None) -> None:
    assert wait(Retry_After=text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (date(7), 7),
        (date(7, ""), 7),
        (date(7, "-0000"), 7),
        (date(7, "+0200"), 0),
        (date(7, "-0200"), 7207),
        (date(7, "XYZ"), 7),
        (date(7, "+9999"), None),
        (date(-1e8), 0),
        (date(1e9), LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 -2300", LONGEST_WAIT),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 +2300", 0),
        ("Mon, 32 Jan 2027 00:00:00 GMT", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("2027-01-15T08:00:07Z", None),
    ],
)
def test_a_date_counts_from_now_to_a_week_at_most(text: str, seconds: float | None) -> None:
    assert wait(Retry_After=text) == seconds


@pytest.mark.parametrize(
    ("status", "seconds"),
    [(429, 3), (503, 2)],
)
def test_a_reset_is_a_wait_on_a_429_only_and_the_longer_wait_is_obeyed(status: int, seconds: float) -> None:
    assert wait(status, Retry_After="2", X_Ratelimit_Reset="3") == seconds


def test_an_answer_that_names_no_time_gives_none() -> None:
    assert wait(429) is None


@given(st.one_of(st.text(max_size=60), st.from_regex(r"\w{3}, ?\d+ \w{3} -?\d+ [\d:]+ [-+A-Z0-9]*", fullmatch=True)))
@example("Mon, 01 Jan 2027 00:00:00 +99999999999999999999")
@example(", , , ,")
@example("1 Jan")
def test_any_string_gives_a_number_of_seconds_or_nothing(text: str) -> None:
    seconds = wait(429, Retry_After=text, X_Ratelimit_Reset=text)

    assert seconds is None or 0 <= seconds <= LONGEST_WAIT
    assert (datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=seconds or 0)).year == 2027


def test_the_reset_of_a_stranger_is_no_wait() -> None:
    response = Response(REQUEST, 429, {"X-Ratelimit-Reset": "60"}, b"")
    stranger = replace(response, classification=classify(response))

    assert retry_after(stranger, NOW) is None
    assert retry_after(response, NOW) == 60.0

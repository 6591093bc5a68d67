"""The recorded time of the first try gives the age of the key; it saves no read and does no harm."""

from datetime import UTC, datetime

import pytest

from klarna_om.keys import KEY_LIFETIME
from klarna_om.workflows.intent import first_use_time

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("seconds_ago", "first_use"),
    [(0, NOW), (3600, NOW - 3600), (KEY_LIFETIME - 1, NOW - KEY_LIFETIME + 1), (KEY_LIFETIME, None), (9e6, None)],
)
def test_a_key_that_klarna_has_forgotten_counts_as_new(seconds_ago: float, first_use: float | None) -> None:
    assert first_use_time(datetime.fromtimestamp(NOW - seconds_ago, UTC), NOW) == first_use


def test_a_clock_that_is_a_little_ahead_counts_as_now() -> None:
    assert first_use_time(datetime.fromtimestamp(NOW + 20, UTC), NOW) == NOW


def test_without_a_first_try_the_age_is_not_known() -> None:
    assert first_use_time(None, NOW) is None


def test_a_time_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="first_tried must have a time zone"):
        first_use_time(datetime(2026, 1, 1), NOW)


def test_a_time_in_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="first_tried is in the future"):
        first_use_time(datetime.fromtimestamp(NOW + 31, UTC), NOW)

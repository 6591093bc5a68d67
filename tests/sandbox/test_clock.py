from datetime import UTC, datetime, timedelta

import pytest

from klarna_om.sandbox import Clock
from klarna_om.sandbox.clock import midnight, stamp
from tests.sandbox.books import NOON


def test_the_clock_shows_the_real_time_until_it_is_set() -> None:
    assert abs(Clock().now - datetime.now(UTC)) < timedelta(seconds=5)


def test_time_passes_at_once_when_told() -> None:
    clock = Clock(lambda: NOON)
    clock.advance(days=1, hours=2, minutes=3, seconds=4)

    assert clock() == NOON + 93_784


def test_a_clock_that_is_set_goes_on_from_there() -> None:
    real = [NOON]
    clock = Clock(lambda: real[0])
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    real[0] += 60

    assert clock.now == datetime(2030, 1, 1, 0, 1, tzinfo=UTC)


def test_a_moment_without_a_time_zone_is_no_moment() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Clock().set(datetime(2030, 1, 1))


def test_moments_are_written_as_klarna_writes_them() -> None:
    assert stamp(NOON + 0.68) == "2023-11-15T12:00:00.680Z"
    assert stamp(midnight(NOON, 28)) == "2023-12-13T00:00:00.000Z"

from datetime import UTC, datetime, timedelta

import pytest

from klarna_om.sandbox import Clock
from klarna_om.sandbox.clock import format_timestamp, midnight_after
from tests.sandbox.ledger_driver import NOON, clock_at_noon
from tests.support.time import Clock as RealClock


def test_the_clock_shows_the_real_time_until_it_is_set() -> None:
    assert abs(Clock().now - datetime.now(UTC)) < timedelta(seconds=5)


def test_advance_moves_the_clock_forward() -> None:
    clock = clock_at_noon()

    clock.advance(days=1, hours=2, minutes=3, seconds=4)

    assert clock() == NOON + 93_784


def test_a_clock_that_was_set_continues_from_there() -> None:
    real = RealClock()
    clock = Clock(real)

    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    real.now += 60

    assert clock.now == datetime(2030, 1, 1, 0, 1, tzinfo=UTC)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Clock().set(datetime(2030, 1, 1))


def test_timestamps_have_klarnas_format() -> None:
    assert format_timestamp(NOON + 0.68) == "2023-11-15T12:00:00.680Z"
    assert format_timestamp(midnight_after(NOON, 28)) == "2023-12-13T00:00:00.000Z"

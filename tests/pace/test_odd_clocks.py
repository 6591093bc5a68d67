"""A clock that is set back, or a machine that slept, neither stops a client nor lets it send a burst."""

import pytest

from klarna_om.pace.forward_clock import ForwardClock
from klarna_om.pace.lanes import Lane
from tests.pace.scenario import answer, count_slots, pacer_at
from tests.support.time import Clock

LANES: tuple[Lane, ...] = ("live", "batch")


def test_a_clock_that_is_set_back_goes_on_from_where_it_was(clock: Clock) -> None:
    forward = ForwardClock(clock)
    assert forward() == 1000

    clock.now = 10.0
    assert forward() == 1000
    clock.now = 12.5
    assert forward() == 1002.5
    clock.now = 12.0
    assert forward() == 1002.5


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("jump", [-86400.0, -0.5, 86400.0, 1e9])
def test_a_jump_of_the_clock_leaves_the_pace_as_it_was(clock: Clock, lane: Lane, jump: float) -> None:
    pacer = pacer_at(clock)
    count_slots(pacer, clock, 1, lane)

    clock.now += jump

    burst = 13 if lane == "live" else 3
    assert 100 - 2 <= count_slots(pacer, clock, 1, lane) <= 100 + burst


@pytest.mark.parametrize("jump", [-86400.0, -0.5])
def test_a_clock_that_is_set_back_does_not_prolong_a_wait(clock: Clock, jump: float) -> None:
    pacer = pacer_at(clock)
    pacer.observe(answer(429))
    clock.now += 0.5
    assert pacer.snapshot().held_for == pytest.approx(0.6)

    clock.now += jump

    assert pacer.snapshot().held_for == pytest.approx(0.6)


@pytest.mark.parametrize("jump", [-86400.0, 86400.0, 1e9])
def test_a_jump_of_the_clock_takes_the_rate_to_the_ceiling_at_most(clock: Clock, jump: float) -> None:
    pacer = pacer_at(clock)
    for _ in range(20):
        pacer.observe(answer(429))
        clock.now += 1.1
    pacer.observe(answer(204))

    clock.now += jump

    assert 10 <= pacer.snapshot().rate <= 100

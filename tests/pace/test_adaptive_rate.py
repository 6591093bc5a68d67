"""How the rate falls and grows back: at 100 requests a second, with a clock that stands until it is moved."""

import pytest

from klarna_om.exchange import Response
from klarna_om.pace.pacer import Pacer
from tests.pace.scenario import answer, pacer_at, quota
from tests.support.time import Clock

LIMITED = answer(429)
PLENTY = quota("100, 100;w=1", remaining="25")
LITTLE = quota("100, 100;w=1", remaining="24")


def rate(pacer: Pacer) -> float:
    return pacer.snapshot().rate


def limited(clock: Clock, times: int = 1, wait: float = 1.1) -> Pacer:
    """A pacer that met a series of 429 and has waited after each."""
    pacer = Pacer(100, clock=clock, uniform=lambda low, high: high, highest=100 * 0.95)
    for _ in range(times):
        pacer.observe(LIMITED)
        clock.now += wait
    return pacer


def test_several_429_within_a_second_lower_the_rate_once(clock: Clock) -> None:
    pacer = pacer_at(clock)

    for _ in range(10):
        pacer.observe(LIMITED)
        clock.now += 0.09

    assert rate(pacer) == pytest.approx(85)


def test_each_second_with_a_429_lowers_the_rate_to_085_of_itself(clock: Clock) -> None:
    pacer = pacer_at(clock)

    for _ in range(3):
        pacer.observe(LIMITED)
        clock.now += 1

    assert rate(pacer) == pytest.approx(100 * 0.85**3)


def test_a_late_429_of_an_earlier_request_does_not_lower_it_again(clock: Clock) -> None:
    pacer = pacer_at(clock)
    pacer.observe(LIMITED)

    clock.now += 5
    pacer.observe(answer(429, elapsed=5.1))

    assert rate(pacer) == pytest.approx(85)
    assert pacer.snapshot().held_for == pytest.approx(1.1)


def test_the_rate_never_falls_below_a_tenth_of_the_ceiling(clock: Clock) -> None:
    pacer = pacer_at(clock)

    for _ in range(100):
        pacer.observe(LIMITED)
        clock.now += 1.1

    assert rate(pacer) == pytest.approx(10)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 60.0, 1e9])
def test_without_a_request_that_is_let_through_the_rate_stays(clock: Clock, seconds: float) -> None:
    pacer = pacer_at(clock)
    pacer.observe(LIMITED)

    clock.now += seconds

    assert rate(pacer) == pytest.approx(85)


@pytest.mark.parametrize("early", [answer(204), answer(204, elapsed=1.0)], ids=["in the wait", "sent before it"])
def test_an_answer_to_a_request_from_before_the_wait_lets_nothing_grow(clock: Clock, early: Response) -> None:
    pacer = pacer_at(clock)
    pacer.observe(LIMITED)
    clock.now += 1.0 if early.elapsed == 0 else 1.5

    pacer.observe(early)
    clock.now += 10

    assert rate(pacer) == pytest.approx(85)


@pytest.mark.parametrize("status", [200, 204, 404, 503])
def test_it_grows_two_percent_a_second_above_what_was_safe(clock: Clock, status: int) -> None:
    pacer = limited(clock)

    pacer.observe(answer(status))
    clock.now += 2

    assert rate(pacer) == pytest.approx(95 * 0.85 * 1.02**2)


def test_it_grows_forty_percent_a_second_up_to_what_was_safe(clock: Clock) -> None:
    pacer = limited(clock, times=6)
    pacer.observe(answer(204))

    clock.now += 1
    assert rate(pacer) == pytest.approx(95 * 0.85**6 * 1.4)

    clock.now += 2
    assert rate(pacer) == pytest.approx(95 * 0.85 * 1.02 ** (3 - 2.41493), rel=1e-4)


def test_how_often_it_is_called_makes_no_difference(clock: Clock) -> None:
    pacer = limited(clock, times=6)
    pacer.observe(PLENTY)

    for _ in range(80):
        clock.now += 0.05
        rate(pacer)

    assert rate(pacer) == pytest.approx(95 * 0.85 * 1.02 ** (4 - 2.41493), rel=1e-4)


def test_a_429_after_a_success_moves_what_is_safe(clock: Clock) -> None:
    pacer = limited(clock, times=10)
    pacer.observe(answer(204))
    pacer.observe(LIMITED)
    clock.now += 1.1
    pacer.observe(LIMITED)
    clock.now += 1.1

    pacer.observe(answer(204))
    clock.now += 1

    safe = 95 * 0.85**11
    assert rate(pacer) == pytest.approx(safe * 1.02 ** (1 - 0.48299), rel=1e-4)


def test_a_success_counts_though_a_429_followed_within_the_second(clock: Clock) -> None:
    pacer = limited(clock)
    for _ in range(2):
        pacer.observe(answer(204))
        pacer.observe(answer(429, X_Ratelimit_Reset="0"))
        clock.now += 0.2
    clock.now += 1
    pacer.observe(LIMITED)
    clock.now += 1.1

    pacer.observe(answer(204))
    clock.now += 1

    assert rate(pacer) == pytest.approx(95 * 0.85**3 * 1.02)


@pytest.mark.parametrize(
    ("seen", "seconds", "share"),
    [
        (PLENTY, 5.0, 0.85**3 * 1.02**5),
        (PLENTY, 6.0, 0.85**3 * 1.02**5 * 1.4),
        (LITTLE, 6.0, 0.85**3 * 1.02**6),
        (quota("100, 100;w=1", remaining=""), 6.0, 0.85**3 * 1.02**6),
        (quota("100, 100;w=86400", remaining="90"), 6.0, 0.85**3 * 1.02**6),
        (answer(204), 6.0, 0.85**3 * 1.02**6),
    ],
    ids=["plenty for 5 s", "plenty for 6 s", "little", "no remaining", "not credible", "no quota"],
)
def test_five_seconds_with_plenty_remaining_lift_what_is_safe(
    clock: Clock, seen: Response, seconds: float, share: float
) -> None:
    pacer = limited(clock)
    for _ in range(2):
        pacer.observe(answer(204))
        pacer.observe(LIMITED)
        clock.now += 1.1

    pacer.observe(answer(204))
    for _ in range(round(seconds * 10)):
        pacer.observe(seen)
        clock.now += 0.1

    assert rate(pacer) == pytest.approx(95 * share)


def test_it_grows_back_to_the_ceiling_and_no_further(clock: Clock) -> None:
    pacer = limited(clock, times=20)
    pacer.observe(answer(204))

    clock.now += 1e9

    assert rate(pacer) == pytest.approx(95)


def test_a_rate_that_was_slowed_down_stays_the_same_share_of_a_new_limit(clock: Clock) -> None:
    pacer = pacer_at(clock)
    pacer.observe(LIMITED)

    pacer.observe(quota("40, 40;w=1"))
    assert rate(pacer) == pytest.approx(38 * 0.85)

    pacer.observe(quota("100, 100;w=1"))
    assert rate(pacer) == pytest.approx(95 * 0.85)

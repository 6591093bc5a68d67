"""Headers that cannot be true neither stop a client nor let it send without a limit."""

import asyncio

import pytest

from klarna_om.exchange import Response
from klarna_om.pace.pacer import Pacer
from tests.pace.scenario import answer, count_slots, pacer_at, quota
from tests.support.time import Clock

UNREADABLE = ["", "x", "0", "0, 0;w=1", "-5", "-5, -5;w=1", "1e3, 1e3;w=1", "40.5", "9" * 30, "٣", "40, 40;w=x"]
NOT_CREDIBLE = [
    "200, 200;w=86400",
    "200, 200;w=61",
    "999999999, 999999999;w=1",
    "1053, 1053;w=1",
    "1, 1;w=999999999",
    "1, 1;w=2",
    "59, 59;w=60",
]


@pytest.mark.parametrize("limit", [*UNREADABLE, *NOT_CREDIBLE])
@pytest.mark.parametrize("status", [200, 429])
def test_a_limit_that_cannot_be_true_does_not_move_the_ceiling(clock: Clock, limit: str, status: int) -> None:
    pacer = pacer_at(clock)

    pacer.observe(quota(limit, status=status))

    assert pacer.snapshot().ceiling == pytest.approx(100)


@pytest.mark.parametrize(
    ("limit", "ceiling"),
    [("1, 1;w=1", 0.95), ("60, 60;w=60", 0.95), ("1052, 1052;w=1", 999.4), ("6000, 6000;w=60", 95)],
)
def test_a_limit_at_the_edge_of_what_is_credible_is_followed(clock: Clock, limit: str, ceiling: float) -> None:
    pacer = pacer_at(clock)

    pacer.observe(quota(limit))

    assert pacer.snapshot().ceiling == pytest.approx(ceiling)


def test_a_pacer_below_one_a_second_follows_its_own_limit_still(clock: Clock) -> None:
    pacer = pacer_at(clock, limit=0.5)

    pacer.observe(quota("2, 2;w=2"))
    pacer.observe(quota("10, 10;w=20"))

    assert pacer.snapshot().ceiling == pytest.approx(0.475)


@pytest.mark.parametrize("lane", ["live", "batch"])
def test_a_good_limit_after_an_odd_one_gives_the_right_pace_at_once(clock: Clock, lane: str) -> None:
    pacer = pacer_at(clock)
    pacer.observe(quota("1, 1;w=1"))
    assert pacer.try_acquire("live")
    assert pacer.try_acquire("batch") or lane == "live" or not count_slots(pacer, clock, 0.5)

    pacer.observe(quota("200, 200;w=1"))

    assert count_slots(pacer, clock, 1) == pytest.approx(190, abs=3)


async def test_a_good_limit_wakes_those_who_wait_for_the_slots_of_an_odd_one(clock: Clock) -> None:
    pacer = pacer_at(clock)
    pacer.observe(quota("1, 1;w=1"))
    assert pacer.try_acquire("batch")
    waiting = asyncio.create_task(pacer.acquire("batch"))
    await asyncio.sleep(0)

    pacer.observe(quota("200, 200;w=1"))
    clock.now += 0.01
    await asyncio.wait_for(waiting, 1)

    assert pacer.snapshot().waiting_batch == 0


async def test_a_good_limit_on_a_429_wakes_nobody(clock: Clock) -> None:
    pacer = pacer_at(clock)
    pacer.observe(quota("1, 1;w=1"))
    assert pacer.try_acquire("batch")
    waiting = asyncio.create_task(pacer.acquire("batch"))
    await asyncio.sleep(0)
    clock.now += 1.0

    pacer.observe(quota("200, 200;w=1", status=429))
    await asyncio.sleep(0)

    assert pacer.snapshot().waiting_batch == 1
    waiting.cancel()
    await asyncio.wait([waiting])


@pytest.mark.parametrize(
    ("seen", "held_for"),
    [
        (answer(429), 1.1),
        (answer(429, X_Ratelimit_Reset="soon"), 1.1),
        (answer(429, X_Ratelimit_Reset="-5"), 1.1),
        (answer(429, X_Ratelimit_Reset="3"), 3.1),
        (answer(429, X_Ratelimit_Reset="1000000000"), 60.1),
        (answer(429, X_Ratelimit_Reset="9" * 400), 60.1),
        (answer(429, Retry_After="1000000000"), 1.1),
        (quota("200, 200;w=86400", "0", "86400", status=429), 60.1),
        (quota("60, 60;w=60", "0", "", status=429), 60.1),
        (quota("100, 100;w=1", "0", "1000000000"), 2.1),
        (quota("100, 100;w=1", "0", ""), 1.1),
        (quota("100, 100;w=60", "0", "90"), 60.1),
        (quota("200, 200;w=86400", "0", "86400"), 0),
        (quota("x", "0", "60"), 0),
        (quota("100, 100;w=1", "-1", "60"), 0),
        (quota("100, 100;w=1", "101", "60"), 0),
    ],
)
def test_what_an_answer_may_hold_is_bounded(clock: Clock, seen: Response, held_for: float) -> None:
    pacer = pacer_at(clock)

    pacer.observe(seen)

    assert pacer.snapshot().held_for == pytest.approx(held_for)


def test_a_custom_window_of_an_hour_holds_for_a_minute_at_most(clock: Clock) -> None:
    pacer = Pacer(3600, window=3600, clock=clock, uniform=lambda low, high: low)

    pacer.observe(answer(429))

    assert pacer.snapshot().held_for == pytest.approx(60)

"""The merchant's rate limit: spacing, lanes, the limit that is followed, and holds, to the millisecond."""

import asyncio

import pytest

from klarna_om.exchange import Response
from klarna_om.pace.lanes import Lane
from klarna_om.pace.pacer import Pacer
from tests.pace.scenario import answer, count_slots, pacer_at, quota
from tests.support.time import Clock


def test_slots_are_evenly_spaced_at_095_of_the_limit(clock: Clock) -> None:
    pacer = Pacer(200, clock=clock)
    count_slots(pacer, clock, 1)

    assert count_slots(pacer, clock, 10) == pytest.approx(1900, abs=5)


def test_the_first_second_stays_below_the_limit(clock: Clock) -> None:
    assert count_slots(Pacer(200, clock=clock), clock, 1) < 200


def test_a_batch_leaves_the_configured_share_free(clock: Clock) -> None:
    pacer = pacer_at(clock)
    count_slots(pacer, clock, 1, share=0.8)

    assert count_slots(pacer, clock, 10, share=0.8) == pytest.approx(800, abs=5)


def test_a_live_call_may_go_a_tenth_of_a_window_early(clock: Clock) -> None:
    pacer = pacer_at(clock)

    burst = sum(pacer.try_acquire("live") for _ in range(50))

    assert burst == pytest.approx(12, abs=1)
    assert not pacer.try_acquire("batch")


def test_the_limit_in_an_answer_is_followed_up_and_down(clock: Clock) -> None:
    pacer = pacer_at(clock)
    pacer.observe(quota("40, 40;w=1"))
    assert pacer.snapshot().rate == pytest.approx(38)

    pacer.observe(quota("4000, 4000;w=10"))
    assert pacer.snapshot().rate == pytest.approx(380)
    pacer.observe(quota("4000, 4000;w=10"))
    assert pacer.snapshot().ceiling == pytest.approx(380)


def test_a_limit_without_a_window_is_per_second(clock: Clock) -> None:
    pacer = pacer_at(clock)

    pacer.observe(quota("40"))

    assert pacer.snapshot().rate == pytest.approx(38)


def test_a_custom_rate_is_never_exceeded(clock: Clock) -> None:
    pacer = pacer_at(clock, highest=10)
    assert pacer.snapshot().rate == 10

    pacer.observe(quota("400, 400;w=1"))
    assert pacer.snapshot().rate == 10
    pacer.observe(quota("4, 4;w=1"))
    assert pacer.snapshot().rate == pytest.approx(3.8)


@pytest.mark.parametrize("seen", [quota("100, 100;w=1", status=429, reset="2"), quota("100, 100;w=1", "0", "2")])
def test_a_429_or_nothing_remaining_holds_everybody_until_the_reset_plus_jitter(clock: Clock, seen: Response) -> None:
    pacer = pacer_at(clock)
    pacer.observe(seen)

    assert pacer.snapshot().held_for == pytest.approx(2.1)
    clock.now += 2.09
    assert not pacer.try_acquire("live")
    clock.now += 0.02
    assert pacer.try_acquire("live")


def test_a_429_without_a_reset_holds_for_a_window_and_a_long_one_for_a_minute(clock: Clock) -> None:
    pacer = pacer_at(clock)
    pacer.observe(answer(429))
    assert pacer.snapshot().held_for == pytest.approx(1.1)

    pacer.observe(quota("100, 100;w=1", status=429, reset="99999"))
    assert pacer.snapshot().held_for == pytest.approx(60.1)


async def test_those_who_wait_are_called_in_order_live_first() -> None:
    pacer = Pacer(200)
    order: list[str] = []

    async def call(lane: Lane, name: str) -> None:
        await pacer.acquire(lane)
        order.append(name)

    pacer.observe(quota("200, 200;w=1", "0", "0"))
    calls = [asyncio.create_task(call(lane, f"{lane} {n}")) for lane in ("batch", "live") for n in range(3)]
    await asyncio.sleep(0)
    snapshot = pacer.snapshot()
    gone = asyncio.create_task(call("live", "gone"))
    await asyncio.sleep(0)
    gone.cancel()
    assert not pacer.try_acquire("live")
    assert not pacer.try_acquire("batch")
    await asyncio.gather(*calls)

    assert (snapshot.waiting_live, snapshot.waiting_batch) == (3, 3)
    assert order == ["live 0", "live 1", "live 2", "batch 0", "batch 1", "batch 2"]


@pytest.mark.parametrize(
    ("limit", "window", "highest"), [(0, 1, None), (1, 0, None), (1, 1, 0), (float("nan"), 1, None)]
)
def test_a_pacer_needs_positive_numbers(limit: float, window: float, highest: float | None) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Pacer(limit, window=window, highest=highest)

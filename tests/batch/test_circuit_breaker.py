"""When Klarna is down, the job waits, tries one call at a time, and continues."""

import asyncio

import pytest

from klarna_om.batch.circuit_breaker import CONSECUTIVE_FAILURES, CircuitBreaker
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Pause
from tests.batch.jobs import Time

FAILS, WORKS, NO_SIGNAL = True, False, None


@pytest.fixture
def stop(time: Time) -> Stop:
    return Stop(time.sleep)


@pytest.fixture
def changes() -> list[None]:
    return []


@pytest.fixture
def breaker(stop: Stop, time: Time, changes: list[None]) -> CircuitBreaker:
    return CircuitBreaker(stop, time.monotonic, lambda: changes.append(None))


async def make_calls(breaker: CircuitBreaker, *results: bool | None) -> list[bool]:
    """Make calls that end like this; which of them were probes?"""
    probes: list[bool] = []
    for has_failed in results:
        async with breaker.permit() as permit:
            permit.has_failed = has_failed
        probes.append(permit.is_probe)
    return probes


async def open_breaker(breaker: CircuitBreaker) -> None:
    await make_calls(breaker, *[FAILS] * CONSECUTIVE_FAILURES)


async def fail_two_of_three(breaker: CircuitBreaker, time: Time, seconds: int) -> None:
    for _ in range(seconds):
        await make_calls(breaker, FAILS, FAILS, WORKS)
        time.seconds += 1


async def test_ten_failures_in_a_row_open_it_at_once(breaker: CircuitBreaker) -> None:
    await make_calls(breaker, *[FAILS] * 9)
    assert not breaker.is_open

    await make_calls(breaker, FAILS)
    assert breaker.is_open


async def test_a_success_in_between_restarts_the_count(breaker: CircuitBreaker) -> None:
    await make_calls(breaker, *[FAILS] * 9, WORKS, *[FAILS] * 9)

    assert not breaker.is_open


async def test_failures_in_the_majority_open_it_after_thirty_seconds(breaker: CircuitBreaker, time: Time) -> None:
    await fail_two_of_three(breaker, time, 30)
    assert not breaker.is_open

    await make_calls(breaker, FAILS)
    assert breaker.is_open


async def test_failures_in_the_majority_for_less_time_do_not_open_it(breaker: CircuitBreaker, time: Time) -> None:
    for _ in range(1000):
        await make_calls(breaker, FAILS, FAILS, WORKS)

    assert not breaker.is_open


async def test_failures_in_the_minority_do_not_open_it(breaker: CircuitBreaker, time: Time) -> None:
    for _ in range(100):
        await make_calls(breaker, FAILS, WORKS)
        time.seconds += 1

    assert not breaker.is_open


async def test_a_good_period_restarts_the_time(breaker: CircuitBreaker, time: Time) -> None:
    await fail_two_of_three(breaker, time, 20)

    await make_calls(breaker, *[WORKS] * 21)
    await fail_two_of_three(breaker, time, 29)

    assert not breaker.is_open


async def test_calls_without_a_signal_do_not_count(breaker: CircuitBreaker, time: Time) -> None:
    for _ in range(100):
        await make_calls(breaker, NO_SIGNAL)
        time.seconds += 1

    assert not breaker.is_open


async def test_probes_come_after_1_2_4_up_to_60_seconds(breaker: CircuitBreaker, time: Time) -> None:
    await open_breaker(breaker)

    probes = await make_calls(breaker, *[FAILS] * 9)

    assert all(probes)
    assert time.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_probe_that_klarna_answers_closes_it(breaker: CircuitBreaker, changes: list[None]) -> None:
    await open_breaker(breaker)

    probes = await make_calls(breaker, WORKS, FAILS)

    assert probes == [True, False]
    assert not breaker.is_open
    assert len(changes) == 3  # it opens, the probe is planned, it closes


async def test_a_pause_has_its_cause_and_the_time_to_the_next_probe(
    breaker: CircuitBreaker, time: Time, stop: Stop
) -> None:
    pauses: list[Pause | None] = []
    assert breaker.pause is None
    for _ in range(CONSECUTIVE_FAILURES):
        async with breaker.permit() as permit:
            permit.has_failed, permit.cause = FAILS, "503"
    pauses.append(breaker.pause)

    async with breaker.permit() as permit:
        pauses.append(breaker.pause)
        permit.has_failed, permit.cause = FAILS, "no connection"
    pauses.append(breaker.pause)
    time.seconds += 0.5
    pauses.append(breaker.pause)
    await make_calls(breaker, WORKS)

    assert pauses == [Pause("503", 1), Pause("503", 0), Pause("no connection", 2), Pause("no connection", 1.5)]
    assert breaker.pause is None


async def test_after_a_probe_without_a_signal_the_delay_stays_the_same(breaker: CircuitBreaker, time: Time) -> None:
    await open_breaker(breaker)

    await make_calls(breaker, NO_SIGNAL, FAILS, FAILS)

    assert time.slept == [1, 1, 2]


async def test_only_one_probe_is_in_progress_and_the_others_wait_for_it(breaker: CircuitBreaker, time: Time) -> None:
    await open_breaker(breaker)
    in_progress = 0
    answers = iter([FAILS, FAILS, WORKS])
    probes: list[float] = []

    async def work() -> None:
        nonlocal in_progress
        async with breaker.permit() as permit:
            if permit.is_probe:
                in_progress += 1
                probes.append(time.seconds)
                assert in_progress == 1
                await asyncio.sleep(0)
                in_progress -= 1
                permit.has_failed = next(answers)

    await asyncio.gather(*(work() for _ in range(10)))

    assert probes == [1, 3, 7]


async def test_calls_in_progress_when_it_opened_do_not_close_it(breaker: CircuitBreaker) -> None:
    async with breaker.permit() as early:
        await open_breaker(breaker)
        early.has_failed = WORKS

    assert breaker.is_open


async def test_no_permit_is_granted_after_a_stop(breaker: CircuitBreaker, stop: Stop) -> None:
    stop.request()

    async with breaker.permit() as closed:
        assert not closed.is_granted
    await open_breaker(breaker)
    async with breaker.permit() as opened:
        assert not opened.is_granted


async def test_a_waiter_that_is_over_gets_no_permit_while_it_is_open(breaker: CircuitBreaker, time: Time) -> None:
    async with breaker.permit(lambda: True) as closed:
        assert closed.is_granted
    await open_breaker(breaker)

    async with breaker.permit(lambda: True) as opened:
        assert not opened.is_granted
    assert time.slept == []


async def test_a_stop_ends_every_wait(time: Time) -> None:
    async def endless(_: float) -> None:
        await asyncio.Event().wait()

    stop = Stop(endless)
    breaker = CircuitBreaker(stop, time.monotonic, lambda: None)
    await open_breaker(breaker)
    waiting = [asyncio.create_task(make_calls(breaker, NO_SIGNAL)) for _ in range(3)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)

    stop.request()

    assert len(await asyncio.gather(*waiting)) == 3


async def test_a_probe_that_is_cancelled_leaves_its_place_to_another(time: Time) -> None:
    async def endless(_: float) -> None:
        await asyncio.Event().wait()

    breaker = CircuitBreaker(Stop(endless), time.monotonic, lambda: None)
    await open_breaker(breaker)
    for _ in range(2):
        probe = asyncio.create_task(make_calls(breaker, WORKS))
        for _ in range(3):
            await asyncio.sleep(0)

        probe.cancel()

        with pytest.raises(asyncio.CancelledError):
            await probe

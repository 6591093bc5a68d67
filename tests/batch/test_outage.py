"""When Klarna is down, the job waits, tries one call at a time, and goes on."""

import asyncio

import pytest

from klarna_om.batch.outage import Outage
from klarna_om.batch.stop import Stop
from tests.batch.running import Time

FAILS, WORKS, SAYS_NOTHING = True, False, None


@pytest.fixture
def stop(time: Time) -> Stop:
    return Stop(time.sleep)


@pytest.fixture
def changes() -> list[None]:
    return []


@pytest.fixture
def outage(stop: Stop, time: Time, changes: list[None]) -> Outage:
    return Outage(stop, time.monotonic, lambda: changes.append(None))


async def call(outage: Outage, has_failed: bool | None) -> bool:
    """Make a call that ends like this; was it a probe?"""
    async with outage.turn() as turn:
        turn.has_failed = has_failed
    return turn.is_probe


async def fail_for(outage: Outage, time: Time, seconds: int) -> None:
    for _ in range(seconds):
        await call(outage, FAILS)
        time.seconds += 1
    await call(outage, FAILS)


async def test_thirty_seconds_of_failures_pause_the_job(outage: Outage, time: Time) -> None:
    await fail_for(outage, time, 29)
    assert not outage.is_paused
    time.seconds += 1
    await call(outage, FAILS)
    assert outage.is_paused


async def test_many_failures_in_less_time_do_not_pause_it(outage: Outage, time: Time) -> None:
    for _ in range(1000):
        await call(outage, FAILS)
    assert not outage.is_paused


async def test_failures_in_the_minority_do_not_pause_it(outage: Outage, time: Time) -> None:
    for _ in range(100):
        await call(outage, FAILS)
        await call(outage, WORKS)
        time.seconds += 1
    assert not outage.is_paused


async def test_failures_in_the_majority_pause_it(outage: Outage, time: Time) -> None:
    for _ in range(30):
        await call(outage, FAILS)
        await call(outage, FAILS)
        await call(outage, WORKS)
        time.seconds += 1
    assert not outage.is_paused
    await call(outage, FAILS)
    assert outage.is_paused


async def test_a_good_spell_starts_the_count_anew(outage: Outage, time: Time) -> None:
    await fail_for(outage, time, 20)
    for _ in range(21):
        await call(outage, WORKS)
    await fail_for(outage, time, 29)
    assert not outage.is_paused


async def test_calls_that_say_nothing_about_klarna_do_not_count(outage: Outage, time: Time) -> None:
    for _ in range(100):
        await call(outage, SAYS_NOTHING)
        time.seconds += 1
    assert not outage.is_paused


async def test_probes_come_after_1_2_4_up_to_60_seconds(outage: Outage, time: Time) -> None:
    await fail_for(outage, time, 30)
    for _ in range(9):
        assert await call(outage, FAILS)
    assert time.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_probe_that_klarna_answers_ends_the_pause(outage: Outage, time: Time, changes: list[None]) -> None:
    await fail_for(outage, time, 30)
    assert await call(outage, WORKS)
    assert not outage.is_paused
    assert len(changes) == 2
    assert not await call(outage, FAILS)


async def test_a_probe_that_says_nothing_is_followed_by_another_after_the_same_time(outage: Outage, time: Time) -> None:
    await fail_for(outage, time, 30)
    await call(outage, SAYS_NOTHING)
    await call(outage, FAILS)
    await call(outage, FAILS)
    assert time.slept == [1, 1, 2]


async def test_only_one_probe_is_under_way_and_the_others_wait_for_its_end(outage: Outage, time: Time) -> None:
    await fail_for(outage, time, 30)
    under_way = 0
    answers = iter([FAILS, FAILS, WORKS])
    probes: list[float] = []

    async def work() -> None:
        nonlocal under_way
        async with outage.turn() as turn:
            if turn.is_probe:
                under_way += 1
                probes.append(time.seconds)
                assert under_way == 1
                await asyncio.sleep(0)
                under_way -= 1
                turn.has_failed = next(answers)

    await asyncio.gather(*(work() for _ in range(10)))

    assert probes == [31, 33, 37]


async def test_calls_that_were_under_way_when_it_paused_do_not_end_the_pause(outage: Outage, time: Time) -> None:
    async with outage.turn() as early:
        await fail_for(outage, time, 30)
        early.has_failed = WORKS
    assert outage.is_paused


async def test_a_stop_ends_every_wait(time: Time) -> None:
    async def endless(_: float) -> None:
        await asyncio.Event().wait()

    stop = Stop(endless)
    outage = Outage(stop, time.monotonic)
    await fail_for(outage, time, 30)
    waiting = [asyncio.create_task(call(outage, SAYS_NOTHING)) for _ in range(3)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    stop.request()
    assert len(await asyncio.gather(*waiting)) == 3


async def test_a_probe_that_is_cancelled_leaves_its_place_to_another(time: Time) -> None:
    async def endless(_: float) -> None:
        await asyncio.Event().wait()

    outage = Outage(Stop(endless), time.monotonic)
    await fail_for(outage, time, 30)
    for _ in range(2):
        probe = asyncio.create_task(call(outage, WORKS))
        for _ in range(3):
            await asyncio.sleep(0)
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe

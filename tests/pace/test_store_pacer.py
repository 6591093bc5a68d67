"""One process and a store of slots: what it asks for, what it keeps, and what it does while the store is away."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from klarna_om import ConfigurationError
from klarna_om.pace.slots import AHEAD
from klarna_om.pace.store_link import MOST_UNWRITTEN
from klarna_om.pace.store_pacer import StorePacer
from tests.pace.scenario import LIMIT, answer, quota
from tests.pace.scripted_store import ScriptedStore
from tests.support.time import Clock, longest

REFUSED = quota("100, 100;w=1", "0", "9", status=429)


@pytest.fixture
def store() -> ScriptedStore:
    return ScriptedStore()


@pytest.fixture
async def pacer(store: ScriptedStore, clock: Clock) -> AsyncIterator[StorePacer]:
    made = StorePacer(store, LIMIT, clock=clock, uniform=longest)
    yield made
    await made.aclose()


async def settle() -> None:
    """Let everything happen that needs no time."""
    for _ in range(20):
        await asyncio.sleep(0)


async def wake(pacer: StorePacer, lane: str = "live") -> None:
    """A call comes that does not wait for long."""
    waiting = asyncio.ensure_future(pacer.acquire("live" if lane == "live" else "batch"))
    await settle()
    waiting.cancel()
    await settle()


def count_at_once(pacer: StorePacer) -> int:
    count = 0
    while pacer.try_acquire("live"):
        count += 1
    return count


async def test_it_asks_once_for_all_who_wait(store: ScriptedStore, pacer: StorePacer) -> None:
    await asyncio.gather(*(pacer.acquire(lane) for lane in ("live", "batch", "batch", "batch")))

    assert sum(ask["batch"] for ask in store.asks) == 3
    assert sum(ask["live"] for ask in store.asks) == 1
    assert len(store.asks) == 2  # the first one who came did not wait for the others


async def test_a_slot_is_used_at_its_own_instant(store: ScriptedStore, clock: Clock, pacer: StorePacer) -> None:
    store.ahead = 0.04
    waiting = asyncio.create_task(pacer.acquire("live"))
    await settle()
    before = waiting.done()

    clock.now += 0.04
    await waiting

    assert not before


async def test_a_slot_that_nobody_used_is_lost(store: ScriptedStore, clock: Clock, pacer: StorePacer) -> None:
    store.ahead = 0.01
    await wake(pacer)
    clock.now += 0.02 + AHEAD

    assert count_at_once(pacer) == 0


async def test_a_slot_in_hand_needs_no_wait(store: ScriptedStore, clock: Clock, pacer: StorePacer) -> None:
    store.ahead = 0.01
    await wake(pacer)
    clock.now += 0.02

    assert count_at_once(pacer) == 1


async def test_where_slots_are_short_it_asks_again_when_there_is_room(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    store.most, store.due_in = 1, 0.05
    waiting = [asyncio.create_task(pacer.acquire("batch")) for _ in range(3)]
    await settle()
    asked_at_once = len(store.asks)

    store.most, clock.now = 1000, clock.now + 0.026
    await asyncio.gather(*waiting)

    assert asked_at_once == 2  # for the first one who came, and for the others
    assert len(store.asks) == 3


async def test_slots_of_before_the_stores_clock_was_set_back_are_dropped(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    store.ahead = 0.04
    await wake(pacer)

    store.now -= 3600
    pacer.observe(answer(429))
    await settle()
    store.now, store.held_until, store.ahead, clock.now = store.now + 5, 0.0, 0.0, clock.now + 5

    async with asyncio.timeout(5):
        await pacer.acquire("live")


async def test_numbers_that_cannot_be_are_replaced(store: ScriptedStore, pacer: StorePacer) -> None:
    store.rate = [float("nan")] * 9
    await wake(pacer)

    assert store.rate[0] == LIMIT
    assert pacer.snapshot().rate == pytest.approx(100)


async def test_a_write_that_somebody_was_faster_with_is_made_again(store: ScriptedStore, pacer: StorePacer) -> None:
    store.conflicts = 2

    pacer.observe(REFUSED)
    await settle()

    assert store.held_until == pytest.approx(store.now + 9.1)
    assert store.version == 1


async def test_what_is_seen_soon_after_is_written_with_the_next(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    pacer.observe(REFUSED)
    await settle()
    clock.now, store.now = clock.now + 0.05, store.now + 0.05
    pacer.observe(quota("50, 50;w=1"))
    await settle()
    at_once = store.version

    clock.now, store.now = clock.now + 0.06, store.now + 0.06
    async with asyncio.timeout(5):
        while store.version == at_once:
            await asyncio.sleep(0.01)

    assert at_once == 1
    assert store.rate[0] == 50


async def test_a_hold_is_known_here_before_it_is_written(store: ScriptedStore, pacer: StorePacer) -> None:
    await wake(pacer)
    store.is_silent = True

    pacer.observe(REFUSED)

    assert pacer.snapshot().held_for == pytest.approx(9.1)
    assert not pacer.try_acquire("live")


async def test_while_the_store_fails_it_paces_alone_and_says_so_once(
    store: ScriptedStore, clock: Clock, pacer: StorePacer, caplog: pytest.LogCaptureFixture
) -> None:
    store.failures.extend([OSError("no route\nto the host")] * 2)
    with caplog.at_level(logging.WARNING, "klarna_om"):
        await pacer.acquire("batch")
        count_at_once(pacer)
        rate = pacer.snapshot().rate
        clock.now += 0.5
        pacer.try_acquire("live")
        alone = sum(count_at_once(pacer) for _ in range(1000) if _advance(clock, 0.0005))
        clock.now += 0.1
        await wake(pacer)  # the second failure
        clock.now += 1.1
        pacer.try_acquire("live")  # a call that finds its slot at once asks too
        await settle()  # it is back

    assert rate == pytest.approx(25)
    assert alone == pytest.approx(25 * 0.5, abs=3)
    assert [record.message for record in caplog.records] == [
        "the pace in a script: OSError: no route; this process paces alone, at a quarter of the rate",
        "the pace in a script is back; the pace is shared again",
    ]
    assert pacer.snapshot().rate == pytest.approx(100)


def _advance(clock: Clock, seconds: float) -> bool:
    clock.now += seconds
    return True


async def test_alone_again_it_forgets_slots_of_before_the_clock_was_set_back(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    await wake(pacer)
    store.failures.append(OSError())
    clock.now, store.now = clock.now + 1.1, store.now + 1.1
    await wake(pacer, "batch")
    count_at_once(pacer)
    clock.now, store.now = clock.now + 1.1, store.now - 3600
    await wake(pacer)

    store.failures.append(OSError())
    await asyncio.gather(*(pacer.acquire("live") for _ in range(2)))

    assert pacer.snapshot().rate == pytest.approx(25)


async def test_a_store_that_does_not_answer_is_away_after_a_quarter_of_a_second(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    await wake(pacer)
    clock.now += 1
    store.is_silent = True
    waiting = asyncio.create_task(pacer.acquire("live"))
    await settle()
    before = waiting.done()

    clock.now += 0.25
    async with asyncio.timeout(5):
        await waiting
        await pacer.acquire("live")

    assert not before
    assert pacer.snapshot().rate == pytest.approx(25)


async def test_the_first_answer_may_take_two_seconds(store: ScriptedStore, clock: Clock, pacer: StorePacer) -> None:
    store.is_silent = True
    waiting = asyncio.create_task(pacer.acquire("live"))
    await settle()
    clock.now += 1.9
    await asyncio.sleep(0.3)
    before = waiting.done()

    clock.now += 0.1
    async with asyncio.timeout(5):
        await waiting

    assert not before


async def test_a_process_that_was_busy_reads_first_what_the_store_has_answered(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    await wake(pacer)
    clock.now += 1
    store.is_silent = True
    waiting = asyncio.create_task(pacer.acquire("live"))
    await settle()

    clock.now += 3.0
    pacer.observe(answer(429, X_Ratelimit_Reset="0"))  # it wakes before the answer is read
    busy = pacer.snapshot().rate
    clock.now += 0.03
    async with asyncio.timeout(5):
        while pacer.snapshot().rate > 50:
            await asyncio.sleep(0.01)
    waiting.cancel()

    assert busy == pytest.approx(85)


async def test_those_who_wait_alone_get_the_quarter(store: ScriptedStore, clock: Clock) -> None:
    pacer = StorePacer(store, LIMIT, highest=10, clock=clock, uniform=longest)
    store.failures.extend([OSError()] * 9)
    waiting = [asyncio.create_task(pacer.acquire("batch")) for _ in range(3)]
    async with asyncio.timeout(20):
        while not all(task.done() for task in waiting):
            await asyncio.sleep(0.01)
            clock.now += 0.05

    await pacer.aclose()


async def test_a_hold_that_was_seen_while_the_store_was_away_is_written_when_it_is_back(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    store.failures.append(OSError())
    await wake(pacer)
    for _ in range(MOST_UNWRITTEN):
        pacer.observe(REFUSED)
    clock.now += 1.0

    async with asyncio.timeout(10):
        while not store.held_until:
            await asyncio.sleep(0.01)

    assert store.held_until == pytest.approx(store.now + 8.1)


async def test_a_failed_write_is_made_when_the_store_is_back(
    store: ScriptedStore, clock: Clock, pacer: StorePacer
) -> None:
    await wake(pacer)
    pacer.observe(REFUSED)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    store.failures.append(OSError())
    await settle()
    lost = store.held_until

    clock.now += 1.0
    async with asyncio.timeout(10):
        while not store.held_until:
            await asyncio.sleep(0.01)

    assert lost == 0.0


async def test_a_user_may_have_a_lower_rate_of_its_own(store: ScriptedStore, clock: Clock) -> None:
    pacer = StorePacer(store, LIMIT, highest=50, clock=clock, uniform=longest)
    waiting = [asyncio.create_task(pacer.acquire("batch")) for _ in range(30)]

    done = []
    for _ in range(4):
        await asyncio.sleep(0.1)
        done.append(sum(task.done() for task in waiting))
        clock.now, store.now = clock.now + 0.1, store.now + 0.1
    for task in waiting:
        task.cancel()
    await pacer.aclose()

    assert done == sorted(done)
    assert 10 <= done[-1] <= 25  # 0.3 s at 50/s, what is ahead, and what may be late


async def test_a_pace_belongs_to_one_event_loop(store: ScriptedStore, pacer: StorePacer) -> None:
    await pacer.acquire("live")

    with pytest.raises(ConfigurationError, match="belongs to another event loop: make one in each"):
        await asyncio.to_thread(asyncio.run, pacer.acquire("live"))


async def test_a_closed_pace_says_so_and_has_closed_its_store(store: ScriptedStore, pacer: StorePacer) -> None:
    store.is_silent = True
    await wake(pacer)

    await pacer.aclose()

    assert store.is_closed
    with pytest.raises(ConfigurationError, match="this pace is closed: close it after the clients"):
        await pacer.acquire("live")

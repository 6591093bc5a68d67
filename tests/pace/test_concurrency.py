"""Requests in flight are bounded; whoever waits is served in order, live before batch, and nothing leaks."""

import asyncio
from typing import Literal

import pytest

from klarna_om.pace.concurrency import ConcurrencyLimiter


async def waiting(limiter: ConcurrencyLimiter, lane: Literal["live", "batch"]) -> "asyncio.Task[None]":
    task = asyncio.create_task(limiter.acquire(lane))
    await asyncio.sleep(0)
    return task


async def test_a_place_is_taken_at_once_while_there_is_one() -> None:
    limiter = ConcurrencyLimiter(2)

    assert [limiter.try_acquire() for _ in range(3)] == [True, True, False]


async def test_live_goes_before_batch_and_each_lane_in_order() -> None:
    limiter = ConcurrencyLimiter(1)
    assert limiter.try_acquire()
    batch, first, second = [await waiting(limiter, lane) for lane in ("batch", "live", "live")]
    assert (limiter.waiting("live"), limiter.waiting("batch")) == (2, 1)

    order = []
    for task, name in ((first, "first"), (second, "second"), (batch, "batch")):
        limiter.release()
        await task
        order.append(name)

    assert order == ["first", "second", "batch"]
    limiter.release()
    assert limiter.taken == 0


async def test_who_gives_up_waiting_is_passed_over() -> None:
    limiter = ConcurrencyLimiter(1)
    assert limiter.try_acquire()
    gone, stays = [await waiting(limiter, "live") for _ in range(2)]

    gone.cancel()
    await asyncio.sleep(0)
    limiter.release()

    await stays
    assert (limiter.taken, limiter.waiting("live")) == (1, 0)


async def test_a_place_given_in_the_moment_of_cancellation_is_passed_on() -> None:
    limiter = ConcurrencyLimiter(1)
    assert limiter.try_acquire()
    gone, stays = [await waiting(limiter, "live") for _ in range(2)]

    limiter.release()  # to the one who is cancelled before it can run
    gone.cancel()

    await stays
    assert gone.cancelled()
    limiter.release()
    assert limiter.taken == 0


async def test_an_eighth_of_the_places_is_kept_for_live_calls() -> None:
    limiter = ConcurrencyLimiter(16)

    assert [limiter.try_acquire("batch") for _ in range(16)].count(True) == 14
    assert [limiter.try_acquire("live") for _ in range(4)].count(True) == 2
    batch = await waiting(limiter, "batch")

    limiter.release()
    limiter.release()
    assert not batch.done()
    limiter.release()
    await batch
    assert limiter.taken == 14


def test_there_is_at_least_one_place() -> None:
    with pytest.raises(ValueError, match="in_flight must be at least 1"):
        ConcurrencyLimiter(0)

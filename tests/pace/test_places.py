"""Requests in flight are bounded; whoever waits is served in order, live before batch, and nothing leaks."""

import asyncio
from typing import Literal

import pytest

from klarna_om.pace.places import Places


async def waiting(places: Places, lane: Literal["live", "batch"]) -> "asyncio.Task[None]":
    task = asyncio.create_task(places.take(lane))
    await asyncio.sleep(0)
    return task


async def test_a_place_is_taken_at_once_while_there_is_one() -> None:
    places = Places(2)

    assert [places.take_at_once() for _ in range(3)] == [True, True, False]


async def test_live_goes_before_batch_and_each_lane_in_order() -> None:
    places = Places(1)
    assert places.take_at_once()
    batch, first, second = [await waiting(places, lane) for lane in ("batch", "live", "live")]
    assert (places.waiting("live"), places.waiting("batch")) == (2, 1)

    order = []
    for task, name in ((first, "first"), (second, "second"), (batch, "batch")):
        places.give_back()
        await task
        order.append(name)

    assert order == ["first", "second", "batch"]
    places.give_back()
    assert places.taken == 0


async def test_who_gives_up_waiting_is_passed_over() -> None:
    places = Places(1)
    assert places.take_at_once()
    gone, stays = [await waiting(places, "live") for _ in range(2)]

    gone.cancel()
    await asyncio.sleep(0)
    places.give_back()

    await stays
    assert (places.taken, places.waiting("live")) == (1, 0)


async def test_a_place_given_in_the_moment_of_cancellation_is_passed_on() -> None:
    places = Places(1)
    assert places.take_at_once()
    gone, stays = [await waiting(places, "live") for _ in range(2)]

    places.give_back()  # to the one who is cancelled before it can run
    gone.cancel()

    await stays
    assert gone.cancelled()
    places.give_back()
    assert places.taken == 0


async def test_an_eighth_of_the_places_is_kept_for_live_calls() -> None:
    places = Places(16)

    assert [places.take_at_once("batch") for _ in range(16)].count(True) == 14
    assert [places.take_at_once("live") for _ in range(4)].count(True) == 2
    batch = await waiting(places, "batch")

    places.give_back()
    places.give_back()
    assert not batch.done()
    places.give_back()
    await batch
    assert places.taken == 14


def test_there_is_at_least_one_place() -> None:
    with pytest.raises(ValueError, match="in_flight must be at least 1"):
        Places(0)

"""What holds for every pace, whoever shares it: this process, this machine, or many machines."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from klarna_om import Pacing
from klarna_om.pace.lanes import LANES, Lane
from tests.pace.conftest import LIMIT, Join
from tests.pace.scenario import answer, quota

RATE = 0.95 * LIMIT
LIVE, BATCH = LANES


async def send(pace: Pacing, number: int, lane: Lane = "batch", share: float = 1.0) -> None:
    """Take slots as the client does."""
    for _ in range(number):
        if not pace.try_acquire(lane, share):
            await pace.acquire(lane)


async def seconds_for(*sending: "asyncio.Future[None] | asyncio.Task[None]") -> float:
    """How long all of them took together."""
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*sending)
    return asyncio.get_running_loop().time() - started


async def until(pace: Pacing, condition: Callable[[], bool]) -> None:
    """Keep using the pace until it knows something."""
    async with asyncio.timeout(30):
        while not condition():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await pace.acquire("live")


async def test_all_users_together_get_the_rate_and_no_more(join: Join) -> None:
    users = [join(), join()]

    took = await seconds_for(*(asyncio.ensure_future(send(user, 10)) for user in users for _ in range(8)))

    assert RATE * (took + 0.1) + 2 >= 2 * 8 * 10


async def test_a_batch_takes_its_share_and_no_more(join: Join) -> None:
    user = join()

    took = await seconds_for(*(asyncio.ensure_future(send(user, 5, share=0.5)) for _ in range(10)))

    assert RATE / 2 * (took + 0.1) + 2 >= 50


async def test_live_calls_go_before_those_of_a_batch(join: Join) -> None:
    user, order = join(), list[str]()

    async def call(lane: Lane) -> None:
        await send(user, 1, lane)
        order.append(lane)

    lanes: list[Lane] = [*(BATCH,) * 60, *(LIVE,) * 3]
    await asyncio.gather(*map(call, lanes))

    assert order[-1] == "batch"
    assert order.count("live") == 3


async def test_a_429_that_one_user_gets_holds_all(join: Join) -> None:
    one, other = join(), join()
    await send(other, 1)

    one.observe(quota("200, 200;w=1", "0", "60", status=429))
    await until(other, lambda: other.snapshot().held_for > 50)

    assert not other.try_acquire("live")
    assert not other.try_acquire("batch")
    assert other.snapshot().rate == pytest.approx(0.85 * RATE)


async def test_a_limit_that_one_user_learns_is_known_to_all(join: Join) -> None:
    one, other = join(), join()
    await send(other, 1)

    one.observe(quota("40, 40;w=1"))
    await until(other, lambda: other.snapshot().ceiling == pytest.approx(38))

    one.observe(quota("400, 400;w=1"))
    await until(other, lambda: other.snapshot().ceiling == pytest.approx(380))


async def test_an_answer_that_shows_nothing_new_changes_nothing(join: Join) -> None:
    user = join()
    before = user.snapshot()

    user.observe(quota("200, 200;w=1"))
    user.observe(answer(204))

    assert user.snapshot() == before


async def test_a_wait_that_is_cancelled_leaves_nothing(join: Join) -> None:
    user = join()
    await send(user, 1)
    user.observe(quota("200, 200;w=1", "0", "60", status=429))
    waiting = [asyncio.create_task(user.acquire(lane)) for lane in ("live", "batch")]
    await asyncio.sleep(0.05)
    before = user.snapshot()

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert (before.waiting_live, before.waiting_batch) == (1, 1)
    assert (user.snapshot().waiting_live, user.snapshot().waiting_batch) == (0, 0)


async def test_each_is_a_pacing(join: Join) -> None:
    assert isinstance(join(), Pacing)

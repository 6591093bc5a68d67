"""Time limits under one timer end when each of them should, and all of them when the client is closed."""

import asyncio

import pytest

from klarna_om.pace.deadlines import Deadlines


async def limited(deadlines: Deadlines, seconds: float | None, ended: list[float | None]) -> None:
    """Wait without end under a limit, and note that it came."""
    when = None if seconds is None else asyncio.get_running_loop().time() + seconds
    try:
        with deadlines.start(when):
            await asyncio.Event().wait()
    except TimeoutError:
        ended.append(seconds)


async def test_limits_end_by_their_times_not_by_their_beginnings() -> None:
    deadlines, ended = Deadlines(), list[float | None]()

    await asyncio.gather(*(limited(deadlines, seconds, ended) for seconds in (0.03, 0.01, 0.05, 0.0)))

    assert ended == [0.0, 0.01, 0.03, 0.05]


async def test_a_limit_begun_after_all_others_ended_ends_too() -> None:
    deadlines, ended = Deadlines(), list[float | None]()

    await limited(deadlines, 0.01, ended)
    await asyncio.sleep(0.02)
    await limited(deadlines, 0.01, ended)

    assert ended == [0.01, 0.01]


async def test_what_is_over_is_not_ended() -> None:
    deadlines = Deadlines()
    with deadlines.start(asyncio.get_running_loop().time() + 0.01) as deadline:
        pass

    await asyncio.sleep(0.03)

    assert not deadline.is_over


async def test_a_limit_that_has_come_is_no_cancellation_of_the_task() -> None:
    await limited(Deadlines(), 0.0, [])

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_passes_a_limit_as_it_is() -> None:
    task = asyncio.create_task(limited(Deadlines(), 10.0, []))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_elsewhere_goes_before_a_limit_that_comes_with_it() -> None:
    deadlines = Deadlines()
    task = asyncio.create_task(limited(deadlines, None, []))
    await asyncio.sleep(0)
    task.cancel()
    deadlines.close()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_what_is_limited_is_raised_even_as_the_limit_comes() -> None:
    deadlines = Deadlines()
    task = asyncio.current_task()
    assert task is not None

    with pytest.raises(KeyError), deadlines.start(None):
        deadlines.close()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise KeyError from None

    assert task.cancelling() == 0


async def test_outside_of_a_task_a_limit_is_an_error_that_says_what_to_do() -> None:
    messages = list[str]()

    def call_back() -> None:
        try:
            Deadlines().start(None)
        except RuntimeError as error:
            messages.append(str(error))

    asyncio.get_running_loop().call_soon(call_back)
    await asyncio.sleep(0)

    assert messages == ["a call is made inside a task of the event loop: await it in a coroutine that runs there"]


@pytest.mark.parametrize("seconds", [None, 60.0])
async def test_closing_ends_every_limit_at_once(seconds: float | None) -> None:
    deadlines, ended = Deadlines(), list[float | None]()
    waiting = [asyncio.create_task(limited(deadlines, seconds, ended)) for _ in range(3)]
    await asyncio.sleep(0)

    deadlines.close()
    deadlines.close()
    await asyncio.gather(*waiting)

    assert ended == [seconds] * 3
    assert deadlines.is_closed

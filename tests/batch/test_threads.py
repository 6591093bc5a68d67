"""Work in a thread is always waited for."""

import asyncio
import threading

import pytest

from klarna_om.batch.threads import run_in_thread


async def test_a_cancelled_caller_waits_until_the_thread_has_ended() -> None:
    started, release, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        release.wait(10)
        ended.set()

    task = asyncio.create_task(run_in_thread(work))
    while not started.is_set():
        await asyncio.sleep(0)
    task.cancel()

    for _ in range(3):
        await asyncio.sleep(0)

    assert not task.done()

    release.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()

"""The progress of a job as an asynchronous iterator, for a service that runs it beside its requests."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from klarna_om.batch.progress_tracker import OnProgress
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Progress, Summary


async def stream_progress(
    start: Callable[[OnProgress], Coroutine[Any, Any, Summary]], stop: Stop
) -> AsyncGenerator[Progress, None]:
    """Run a job, and give its progress as it changes; a slow reader misses what is in between. The last has `summary`.

    Raises what the job raises. Leaving the loop stops the job, and the calls in progress end; cancelling it interrupts
    them.
    """
    latest: list[Progress] = []
    changed = asyncio.Event()

    def keep(progress: Progress) -> None:
        latest[:] = [progress]
        changed.set()

    task = asyncio.create_task(start(keep))
    task.add_done_callback(lambda _: changed.set())
    try:
        while not task.done():
            await changed.wait()
            changed.clear()
            while latest:
                yield latest.pop()
        summary = await task
        yield Progress(summary.totals, summary=summary)
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        stop.request("the loop over its progress was left")
        await asyncio.gather(task, return_exceptions=True)

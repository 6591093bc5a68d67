"""Who asked for a cancellation: somebody who wants this task to end, or something that it awaited."""

import asyncio


def is_task_cancelled() -> bool:
    """Is the running task itself to end? Else a `CancelledError` in it comes from something that it awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0

"""The event loop's clock, by which limits and deadlines are set."""

import asyncio


def loop_time() -> float:
    """The time of the running event loop.

    What belongs to one loop is given that loop's own `time` instead: to ask for the running loop is a system call on
    Python 3.11.
    """
    return asyncio.get_running_loop().time()

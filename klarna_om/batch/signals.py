"""Ctrl-C and SIGTERM for a job: the first lets it end what is under way, the second ends it at once."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from klarna_om.batch.stop import Stop


@contextmanager
def stopped_by_signals(
    stop: Stop, task: asyncio.Task[Any], on_first: Callable[[], None]
) -> Generator[None, None, None]:
    """While inside, a signal asks to stop, and another one cancels the task.

    `signal.signal` and not `loop.add_signal_handler`, which Windows does not have.
    """
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if stop.is_requested:
            task.cancel()
        else:
            stop.request()
            on_first()

    def pass_on(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(heard)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, pass_on) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

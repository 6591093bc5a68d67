"""Ctrl-C and SIGTERM while a command runs."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from klarna_om.batch.stop import Stop


@contextmanager
def handle_signals(handler: Callable[[], None]) -> Generator[None, None, None]:
    """While inside, SIGINT and SIGTERM call the handler in the event loop.

    `signal.signal` and not `loop.add_signal_handler`, which Windows does not have.
    """
    loop = asyncio.get_running_loop()

    def call_in_loop(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(handler)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, call_in_loop) for number in numbers]
    try:
        yield
    finally:
        for number, old in zip(numbers, before, strict=True):
            signal.signal(number, old)


@contextmanager
def stop_on_signals(
    stop: Stop, *, on_first: Callable[[], None], on_next: Callable[[], object]
) -> Generator[None, None, None]:
    """While inside, the first signal requests a stop and calls `on_first`; each further one calls `on_next`."""

    def on_signal() -> None:
        if stop.is_requested:
            on_next()
        else:
            stop.request()
            on_first()

    with handle_signals(on_signal):
        yield

"""Ctrl-C, SIGTERM and a terminal that goes away (SIGHUP) while a command runs."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from klarna_om.batch.stop import Stop


@contextmanager
def handle_signals(handler: Callable[[signal.Signals], None]) -> Generator[None, None, None]:
    """While inside, the signals that end a program call the handler in the event loop.

    One that is ignored stays so: `nohup` ignores SIGHUP. `signal.signal` and not `loop.add_signal_handler`, which
    Windows does not have; nor has it SIGHUP.
    """
    loop = asyncio.get_running_loop()

    def call_in_loop(number: int, _: FrameType | None) -> None:
        loop.call_soon_threadsafe(handler, signal.Signals(number))

    known = (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP"))
    numbers = [number for number in known if number and signal.getsignal(number) is not signal.SIG_IGN]
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
    """While inside, the first signal requests a stop and calls `on_first`; each further one calls `on_next`.

    A further SIGHUP changes nothing: a terminal that goes away may send several.
    """
    is_first = True

    def on_signal(number: signal.Signals) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            stop.request(f"{number.name} was received")
            on_first()
        elif number is not getattr(signal, "SIGHUP", None):
            on_next()

    with handle_signals(on_signal):
        yield

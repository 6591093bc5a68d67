"""Ctrl-C, SIGTERM and a terminal that goes away (SIGHUP) while a command runs."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from klarna_om.batch.stop import Stop

Handler = Callable[[signal.Signals], None]

_handlers: list[Handler] = []
_before: dict[signal.Signals, Any] = {}


@contextmanager
def handle_signals(handler: Handler) -> Generator[None, None, None]:
    """While inside, the signals that end a program call the handler in the event loop.

    Several may be inside at once: each is called. A signal that is ignored stays so: `nohup` ignores SIGHUP.
    """
    if not _handlers:
        _catch_signals(asyncio.get_running_loop())
    _handlers.append(handler)
    try:
        yield
    finally:
        _handlers.remove(handler)
        if not _handlers:
            _restore_signals()


def _catch_signals(loop: asyncio.AbstractEventLoop) -> None:
    # `signal.signal` and not `loop.add_signal_handler`, which Windows does not have; nor has it SIGHUP.
    def call_handlers(number: signal.Signals) -> None:
        for handler in [*_handlers]:
            handler(number)

    def call_in_loop(number: int, _: FrameType | None) -> None:
        loop.call_soon_threadsafe(call_handlers, signal.Signals(number))

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number: signal.Signals | None = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            _before[number] = signal.signal(number, call_in_loop)


def _restore_signals() -> None:
    while _before:
        signal.signal(*_before.popitem())


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

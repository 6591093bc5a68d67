"""Ctrl-C, SIGTERM and a terminal that goes away (SIGHUP) while a command runs."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from klarna_om.batch.stop import Stop

Handler = Callable[[signal.Signals], None]

_handlers: list[tuple[asyncio.AbstractEventLoop, Handler]] = []
_before: dict[signal.Signals, Any] = {}


@contextmanager
def handle_signals(handler: Handler) -> Generator[None, None, None]:
    """While inside, the signals that end a program call the handler in the event loop.

    Several may be inside at once: each is called. A SIGHUP that is ignored stays so, as `nohup` wants it.
    """
    entry = (asyncio.get_running_loop(), handler)
    _handlers.append(entry)
    _catch_signals()
    try:
        yield
    finally:
        _handlers.remove(entry)
        if not _handlers:
            _restore_signals()


def _call_handlers(number: int, _: FrameType | None) -> None:
    for loop, handler in _handlers:
        loop.call_soon_threadsafe(handler, signal.Signals(number))


def _catch_signals() -> None:
    # `signal.signal` and not `loop.add_signal_handler`, which Windows does not have; nor has it SIGHUP.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number: signal.Signals | None = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is _call_handlers:
            continue
        if name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:
            _before[number] = signal.signal(number, _call_handlers)


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

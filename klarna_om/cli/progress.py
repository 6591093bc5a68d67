"""The progress of a job while it runs: a live line on a terminal, a plain line every ten seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from klarna_om.batch.totals import Progress

PERIOD = 10.0
"""Seconds between two plain lines."""


@contextmanager
def show_progress(
    stream: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic
) -> Generator[Callable[[Progress], None], None, None]:
    """Show progress on a stream while inside; yields the function to call with it."""
    if not stream.isatty():
        yield _PlainLines(stream, clock)
        return
    live = Live(console=Console(file=stream), refresh_per_second=5)

    def update(progress: Progress) -> None:
        live.update(_render(progress))
        live.start()  # at the first progress: until then the manifest is loaded

    try:
        yield update
    finally:
        live.stop()


class _PlainLines:
    """A line at the start, at each pause, and at most every ten seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._next = float("-inf")
        self._was_paused: bool = False

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if now < self._next and progress.is_paused == self._was_paused:
            return
        self._next, self._was_paused = now + PERIOD, progress.is_paused
        self._stream.write(format_progress(progress) + "\n")
        self._stream.flush()


def format_progress(progress: Progress) -> str:
    """Progress in one line."""
    totals = progress.totals
    counts = f"{totals.settled} of {totals.orders} orders: {totals}"
    if progress.is_paused:
        return f"{counts}; paused: most calls fail, trying one at a time"
    return f"{counts}; {progress.rate:.0f}/s" + (f", {_format_duration(progress.eta)} left" if progress.eta else "")


def _render(progress: Progress) -> Group:
    return Group(
        ProgressBar(progress.totals.orders, progress.totals.settled, width=60), Text(format_progress(progress))
    )


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

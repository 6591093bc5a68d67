"""How far a job is, shown while it runs: a live line on a terminal, plain lines from time to time elsewhere."""

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
def shown(
    stream: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic
) -> Generator[Callable[[Progress], None], None, None]:
    """Show progress on a stream while inside; gives what is to be told of it."""
    if not stream.isatty():
        yield _Lines(stream, clock)
        return
    with Live(console=Console(file=stream), refresh_per_second=5) as live:
        yield lambda progress: live.update(_picture(progress))


class _Lines:
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
        self._stream.write(words(progress) + "\n")
        self._stream.flush()


def words(progress: Progress) -> str:
    """Progress in one line."""
    totals = progress.totals
    told = f"{totals.settled} of {totals.orders} orders: {totals}"
    if progress.is_paused:
        return f"{told}; paused: most calls fail, trying one at a time"
    return f"{told}; {progress.rate:.0f}/s" + (f", {_span(progress.eta)} left" if progress.eta else "")


def _picture(progress: Progress) -> Group:
    return Group(ProgressBar(progress.totals.orders, progress.totals.settled, width=60), Text(words(progress)))


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

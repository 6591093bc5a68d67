"""The progress of a job while it runs: a live line on a terminal, a plain line every ten seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO

from attrs import evolve
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from klarna_om.batch.totals import Progress
from klarna_om.cli.progress_text import fit_progress, format_pause, format_progress

PERIOD = 10.0
"""Seconds between two plain lines."""

MIN_BAR, MAX_BAR = 8, 40
"""Columns of the bar; it has what the words leave."""


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
        live.update(Display(progress, clock))
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


class Display:
    """Progress on a terminal: laid out anew for each width, and counting down to the next try."""

    def __init__(self, progress: Progress, clock: Callable[[], float]) -> None:
        self._progress = progress
        self._clock = clock
        self._since = clock()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay it out: the pause first, in as many lines as it needs; then the words in one, and the bar beside them."""
        width = options.max_width - 1  # a line that fills the last column is two lines on some terminals
        if (pause := self._progress.pause) is not None:
            remaining = max(0.0, pause.next_try_in - (self._clock() - self._since))
            yield from Text(format_pause(evolve(pause, next_try_in=remaining))).wrap(console, width)
        words = Text(fit_progress(self._progress, width), no_wrap=True, overflow="ellipsis")
        bar = min(MAX_BAR, width - words.cell_len - 1)
        if bar < MIN_BAR:
            words.truncate(width, overflow="ellipsis")
            yield words
            return
        line = Table.grid(padding=(0, 1))
        line.add_row(ProgressBar(self._progress.totals.orders, self._progress.totals.settled, width=bar), words)
        yield line

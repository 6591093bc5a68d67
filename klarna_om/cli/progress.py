"""The progress of a job while it runs: two live lines on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import IO

from attrs import Factory, evolve, field, frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from klarna_om.batch.progress_tracker import OnProgress, ignore_progress
from klarna_om.batch.totals import Progress
from klarna_om.cli.progress_text import fit_counts, fit_speed, format_pause, format_progress

PERIOD, LONG_PERIOD = 10.0, 60.0
"""Seconds between two plain lines: in the first minute, and after it, since a job may take all night."""

MIN_BAR, MAX_BAR = 8, 40
"""Columns of the bar; it has what the words leave."""

Limit = Callable[[], float | None]
"""What the rate limit allows now, in requests a second; None where nothing limits them."""


@contextmanager
def show_progress(
    console: Console, limit: Limit, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
) -> Generator[OnProgress, None, None]:
    """Show progress on a console while inside; yields the function to call with it."""
    if quiet or not console.is_terminal:
        yield ignore_progress if quiet else _PlainLines(console.file, limit, clock)
        return
    live = Live(console=console, refresh_per_second=5)

    def update(progress: Progress) -> None:
        live.update(Display(progress, limit, clock))
        live.start()  # at the first progress: until then the manifest is loaded

    try:
        yield update
    finally:
        live.stop()


class _PlainLines:
    """A line at the start, at each pause, and in between every ten seconds, later every minute."""

    def __init__(self, stream: IO[str], limit: Limit, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._limit = limit
        self._clock = clock
        self._long_after = clock() + LONG_PERIOD
        self._next = float("-inf")
        self._was_paused: bool = False

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if now < self._next and progress.is_paused == self._was_paused:
            return
        self._next = now + (PERIOD if now < self._long_after else LONG_PERIOD)
        self._was_paused = progress.is_paused
        self._stream.write(format_progress(progress, self._limit()) + "\n")
        self._stream.flush()


def _now_of(display: "Display") -> float:
    return display.clock()


@frozen
class Display:
    """Progress on a terminal: laid out anew for each width, and counting down to the next try."""

    progress: Progress
    limit: Limit
    clock: Callable[[], float]
    _since: float = field(default=Factory(_now_of, takes_self=True), init=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay it out: a pause in as many lines as it needs; the counts in one line; bar and speed in the next."""
        width = options.max_width - 1  # a line that fills the last column is two lines on some terminals
        if (pause := self.progress.pause) is not None:
            remaining = max(0.0, pause.next_try_in - (self.clock() - self._since))
            yield from Text(format_pause(evolve(pause, next_try_in=remaining))).wrap(console, width)
        yield _line(fit_counts(self.progress, width), width)
        speed = fit_speed(self.progress, self.limit(), width)
        if (bar := min(MAX_BAR, width - len(speed) - 1)) < MIN_BAR:
            yield _line(speed, width)
            return
        line = Table.grid(padding=(0, 1))
        line.add_row(ProgressBar(self.progress.totals.orders, self.progress.totals.settled, width=bar), Text(speed))
        yield line


def _line(words: str, width: int) -> Text:
    line = Text(words, no_wrap=True, overflow="ellipsis")
    line.truncate(width, overflow="ellipsis")
    return line

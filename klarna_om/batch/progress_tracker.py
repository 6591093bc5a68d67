"""Counts what is recorded, and reports it: a few times a second, however fast the job is."""

import time
from collections import deque
from collections.abc import Callable

from attrs import asdict

from klarna_om.batch.states import State
from klarna_om.batch.totals import Progress, Totals

OnProgress = Callable[[Progress], None]

PERIOD = 0.2
"""Seconds between two reports of progress."""

MARKS = 50
"""Reports over which the rate is measured."""


def ignore_progress(_: Progress) -> None:
    """For a job without a display."""


class ProgressTracker:
    """The totals of a run, kept up to date as rows are recorded."""

    def __init__(self, on_progress: OnProgress = ignore_progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_progress = on_progress
        self._clock = clock
        self.is_paused: Callable[[], bool] = lambda: False
        self.start(Totals())

    def start(self, totals: Totals) -> None:
        """Begin with these totals: the manifest is loaded, and nothing was called yet."""
        self._counts: dict[str, int] = asdict(totals)
        self._moves = 0
        self._settled_before = totals.settled
        self._started = self._reported_at = self._clock()
        self._marks: deque[tuple[float, int]] = deque([(self._started, 0)], maxlen=MARKS)

    @property
    def totals(self) -> Totals:
        """How many rows are in which state."""
        return Totals(**self._counts)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._started

    @property
    def settled_now(self) -> int:
        """Orders settled by this run."""
        return self.totals.settled - self._settled_before

    def record_move(self, before: State, after: State) -> None:
        """A row's new state is on disk."""
        self._counts[before.value] -= 1
        self._counts[after.value] += 1
        self._moves += 1
        if self._clock() - self._reported_at >= PERIOD:
            self.report()

    def report(self) -> None:
        """Report the progress now."""
        self._reported_at = now = self._clock()
        since, moves = self._marks[0]
        self._marks.append((now, self._moves))
        rate = (self._moves - moves) / (now - since) if now > since else 0.0
        totals = self.totals
        eta = totals.pending / rate if rate > 0 else None
        self._on_progress(Progress(totals, rate=rate, eta=eta, is_paused=self.is_paused()))

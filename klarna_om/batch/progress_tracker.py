"""Counts what is recorded, and reports it: a few times a second, however fast the job is."""

import time
from collections import deque
from collections.abc import Callable

from attrs import asdict

from klarna_om.batch.states import State
from klarna_om.batch.totals import Pause, Progress, Totals

OnProgress = Callable[[Progress], None]

PERIOD = 0.2
"""Seconds between two reports of progress."""

RATE_PERIOD = 10.0
"""Seconds over which the rate is measured."""

MIN_RATE_PERIOD = 1.0
"""Seconds before there is a rate: less would show a wild one."""


def ignore_progress(_: Progress) -> None:
    """For a job without a display."""


class ProgressTracker:
    """The totals of a run, kept up to date as rows are recorded."""

    def __init__(self, on_progress: OnProgress = ignore_progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_progress = on_progress
        self._clock = clock
        self.pause: Callable[[], Pause | None] = lambda: None
        self.start(Totals())

    def start(self, totals: Totals) -> None:
        """Begin with these totals: the manifest is loaded, and nothing was called yet."""
        self._counts: dict[str, int] = asdict(totals)
        self._moves = 0
        self.before = totals
        """The totals at the start of the run."""
        self._started = self._reported_at = self._clock()
        self._marks: deque[tuple[float, int]] = deque([(self._started, 0)])

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
        return self.totals.settled - self.before.settled

    def record_move(self, before: State, after: State) -> None:
        """A row's new state is on disk."""
        self.record_moves(before, after, 1)

    def record_moves(self, before: State, after: State, count: int) -> None:
        """The new states of several rows are on disk."""
        self._counts[before.value] -= count
        self._counts[after.value] += count
        self._moves += count
        if self._clock() - self._reported_at >= PERIOD:
            self.report()

    def report(self) -> None:
        """Report the progress now."""
        self._reported_at = now = self._clock()
        totals, rate = self.totals, self._measure_rate(now)
        eta = totals.pending / rate if rate else None
        self._on_progress(Progress(totals, rate=rate, eta=eta, pause=self.pause()))

    def _measure_rate(self, now: float) -> float | None:
        """Orders per second over the last seconds of this run; None before its first results and its first second."""
        while len(self._marks) > 1 and self._marks[1][0] <= now - RATE_PERIOD:
            self._marks.popleft()
        since, moves = self._marks[0]
        self._marks.append((now, self._moves))
        if not self._moves or now - since < MIN_RATE_PERIOD:
            return None
        return (self._moves - moves) / (now - since)

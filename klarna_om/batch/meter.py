"""Counts what is recorded, and tells whoever wants to know: a few times a second, however fast the job is."""

import time
from collections import deque
from collections.abc import Callable

from attrs import asdict

from klarna_om.batch.states import State
from klarna_om.batch.totals import Progress, Totals

OnProgress = Callable[[Progress], None]

PERIOD = 0.2
"""Seconds between two reports of progress."""

REMEMBERED = 50
"""Reports over which the rate is measured."""


def unheard(_: Progress) -> None:
    """For a job that nobody watches."""


class Meter:
    """The totals of a run, kept up to date as rows are recorded."""

    def __init__(
        self, totals: Totals, on_progress: OnProgress = unheard, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._counts: dict[str, int] = asdict(totals)
        self._on_progress = on_progress
        self._clock = clock
        self._moves = 0
        self._settled_before = totals.settled
        self._started = self._told = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._started, 0)], maxlen=REMEMBERED)
        self.is_paused: Callable[[], bool] = lambda: False

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

    def moved(self, before: State, after: State) -> None:
        """A row's new state is on disk."""
        self._counts[before.value] -= 1
        self._counts[after.value] += 1
        self._moves += 1
        if self._clock() - self._told >= PERIOD:
            self.tell()

    def tell(self) -> None:
        """Report the progress now."""
        self._told = now = self._clock()
        since, moves = self._marks[0]
        self._marks.append((now, self._moves))
        rate = (self._moves - moves) / (now - since) if now > since else 0.0
        totals = self.totals
        eta = totals.pending / rate if rate > 0 else None
        self._on_progress(Progress(totals, rate, eta, self.is_paused()))

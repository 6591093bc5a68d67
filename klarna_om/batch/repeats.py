"""How long and how often rows of unknown outcome are repeated within a run.

They are repeated after the last pending row: at once, then after 1, 2, 4 ... 60 seconds, through the circuit breaker.
That ends when no row is left that a repeat can settle, or when none was settled for two minutes: some orders may fail
at Klarna for good, and `slow_tiers` has what becomes of them. So a small job survives an outage of a minute at once.
"""

from collections.abc import Callable

from klarna_om.batch.calls import CallResult
from klarna_om.batch.journal import Row
from klarna_om.batch.states import State

NO_PROGRESS_TIMEOUT = 120.0
"""Seconds without a settled row, after which the rest stays unknown."""

_LEFT, _FAILED, _SETTLED, _EXCLUDED = range(4)

FIRST_DELAY, MAX_DELAY = 1.0, 60.0
"""Seconds before the second pass, and at most before any."""


class Repeats:
    """The repeats of the rows from `low` to `high`."""

    def __init__(self, clock: Callable[[], float], low: int, high: int) -> None:
        self._clock = clock
        self._low = low
        self._settled_at = clock()
        self._delay = FIRST_DELAY
        self._are_left = False
        # One byte per row: many may fail.
        self._marks = bytearray(high - low + 1)

    def is_over(self) -> bool:
        """Was no row settled for too long?"""
        return self._clock() - self._settled_at >= NO_PROGRESS_TIMEOUT

    def is_excluded(self, row: Row) -> bool:
        """Is this row not repeated again in this run?"""
        return self._marks[row.row - self._low] == _EXCLUDED

    def failed_rows(self) -> list[int]:
        """The rows whose last call got no usable answer, or a 5xx, and that may be tried later."""
        return [self._low + position for position, mark in enumerate(self._marks) if mark == _FAILED]

    def observe(self, row: Row, result: CallResult | None) -> None:
        """Note the result for a row; None where it was not called."""
        if result is not None:
            self._marks[row.row - self._low] = self._mark(result)

    def _mark(self, result: CallResult) -> int:
        if result.state in (State.DONE, State.REFUSED):
            self._settled_at = self._clock()
            return _SETTLED
        if not result.can_be_settled:
            return _EXCLUDED
        self._are_left = True
        # What is not Klarna's says nothing about the row.
        return _LEFT if result.is_unrecognized else _FAILED

    def next_delay(self) -> float | None:
        """The seconds until the next pass; None when there is none."""
        if not self._are_left or self.is_over():
            return None
        delay, self._delay, self._are_left = self._delay, min(2 * self._delay, MAX_DELAY), False
        return delay

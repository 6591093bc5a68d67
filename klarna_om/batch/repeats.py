"""How long and how often rows of unknown outcome are repeated within a run.

They are repeated once the pending rows are through: at once, then after 1, 2, 4 ... 60 seconds, through the circuit
breaker. That ends when none is left that a repeat can settle, or when two minutes have settled none: some orders may
fail at Klarna for good, and the next run repeats them. So an outage of a minute costs a small job no second command.
"""

from collections.abc import Callable

from klarna_om.batch.calls import Call
from klarna_om.batch.journal import Row
from klarna_om.batch.states import State

PATIENCE = 120.0
"""Seconds in which no row was settled, after which the rest stays unknown."""

FIRST_DELAY, LAST_DELAY = 1.0, 60.0
"""Seconds before the second pass, and at most before any."""


class Repeats:
    """The repeats of the rows from `low` to `high`."""

    def __init__(self, clock: Callable[[], float], low: int, high: int) -> None:
        self._clock = clock
        self._low = low
        self._settled_at = clock()
        self._delay = FIRST_DELAY
        self._are_left = False
        # A byte a row: those that a repeat cannot settle, though they stay unknown.
        self._excluded = bytearray(high - low + 1)

    def is_over(self) -> bool:
        """Has it been tried in vain for long enough?"""
        return self._clock() - self._settled_at >= PATIENCE

    def is_excluded(self, row: Row) -> bool:
        """Is this row not worth another repeat in this run?"""
        return bool(self._excluded[row.row - self._low])

    def observe(self, row: Row, call: Call | None) -> None:
        """Note what came of a row; None where it was given up."""
        if call is not None and call.state in (State.DONE, State.REFUSED):
            self._settled_at = self._clock()
        elif call is not None and call.can_be_settled:
            self._are_left = True
        else:
            self._excluded[row.row - self._low] = True

    def next_delay(self) -> float | None:
        """After a pass: the seconds until the next one; None when there is none."""
        if not self._are_left or self.is_over():
            return None
        delay, self._delay, self._are_left = self._delay, min(2 * self._delay, LAST_DELAY), False
        return delay

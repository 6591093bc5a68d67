"""Klarna's slow schedule for rows whose repeats within a run have failed: after 5 minutes, after 5 hours, a person.

Klarna asks for repeats after 5 seconds, 5 minutes and 5 hours, and then to contact its support. The quick repeats of a
run are the first of these. Then the run waits the 5 minutes, and repeats once more. It does not wait the 5 hours: the
next run with the same journal goes on, and may begin earlier, which then does not count. So a row is escalated 5 hours
and 5 minutes after its first failure at the earliest.
https://docs.klarna.com/api/escalation-and-retry-policy
"""

from datetime import datetime, timedelta

from attrs import frozen

from klarna_om.batch.execution import Execution
from klarna_om.batch.states import State
from klarna_om.batch.totals import Pause
from klarna_om.workflows.after_window import TIERS

LONGEST_WAIT = timedelta(seconds=TIERS[1] + 30.0)
"""For which a run waits: the 5 minutes, and what the clock has moved meanwhile."""


@frozen
class SlowTiers:
    """The schedule of the rows from `low` to `high`."""

    execution: Execution
    low: int
    high: int

    async def postpone(self, rows: list[int]) -> None:
        """Note that the repeats of these rows have failed."""
        if rows:
            escalated = await self.execution.journal.postpone(rows, self.execution.now())
            self.execution.tracker.record_moves(State.UNKNOWN, State.ESCALATED, escalated)

    async def wait(self, until: datetime) -> bool:
        """Wait until the next row is due; False where none is due by then, or a stop was requested."""
        execution = self.execution
        due = await self.next_due()
        if due is None or due > until:
            return False
        delay = max((due - execution.now()).total_seconds(), 0.0)
        execution.waiting = Pause("what failed is tried again as Klarna asks, after 5 minutes", delay)
        execution.tracker.report()
        try:
            await execution.stop.sleep(delay)
        finally:
            execution.waiting = None
        return not execution.stop.is_requested

    async def next_due(self) -> datetime | None:
        """When the next row is due."""
        return await self.execution.journal.next_due(self.low, self.high, self.execution.now())

"""Records what the rate limit allows whenever that changes, so that the journal can show the rate against it."""

from collections.abc import Callable
from datetime import datetime

from attrs import define, field

from klarna_om.batch.job_facts import Limit
from klarna_om.batch.journal import Journal
from klarna_om.client import KlarnaClient
from klarna_om.pace.pacing import PaceSnapshot

PERIOD = 1.0
"""Seconds between two looks at the pace."""

NOTEWORTHY = 0.05
"""Of the ceiling: a smaller change of the rate is not recorded, as it grows back a little with each request."""

ReadPace = Callable[[], PaceSnapshot | None]


def no_pace() -> None:
    """For calls that nobody paces."""


def read_pace_of(client: KlarnaClient) -> ReadPace:
    """Reads the pace of a client; None where its pace is off."""

    def read() -> PaceSnapshot | None:
        return None if client.pace is None else client.pace.snapshot()

    return read


@define(eq=False)
class LimitWatch:
    """Looks at the pace when a result was recorded, once a second at most."""

    journal: Journal
    read_pace: ReadPace
    now: Callable[[], datetime]
    clock: Callable[[], float]
    _next: float = field(default=float("-inf"), init=False)
    _known: PaceSnapshot | None = field(default=None, init=False)

    async def observe(self) -> None:
        """Record the limit if it is another one than the last."""
        if (moment := self.clock()) < self._next:
            return
        self._next = moment + PERIOD
        pace = self.read_pace()
        if pace is not None and self._has_changed(pace):
            self._known = pace
            await self.journal.record_limit(Limit(self.now(), pace.ceiling, pace.rate))

    def _has_changed(self, pace: PaceSnapshot) -> bool:
        known = self._known
        if known is None or known.ceiling != pace.ceiling:
            return True
        is_back = pace.rate == pace.ceiling != known.rate
        return is_back or abs(pace.rate - known.rate) >= NOTEWORTHY * pace.ceiling

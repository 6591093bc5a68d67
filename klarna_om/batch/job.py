"""A job: rows to call for, and all that a call for one of them needs."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import define, field, validators

from klarna_om.batch.calls import Call, Send
from klarna_om.batch.identity import window_of
from klarna_om.batch.journal import Finish, Journal, Row, Stamp
from klarna_om.batch.meter import Meter
from klarna_om.batch.outage import Outage
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import OnExpired, check_on_expired
from klarna_om.batch.stop import Stop
from klarna_om.errors import ConnectionFailed, KlarnaError

UNREACHED = 3
"""So many calls without a connection, and none with, say that there is nobody at that address."""


def wall_clock() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


class Reach:
    """Has Klarna been reached in this run, and what, if anything, ended it?"""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._unreached: int | None = 0
        self.fatal: KlarnaError | None = None

    def heard(self, call: Call) -> None:
        """Stop the run for what no later try can cure."""
        if call.is_fatal:
            self._end(call.error)
        elif isinstance(call.error, ConnectionFailed):
            self._unreachable(call.error)
        elif call.has_failed is not None:
            self._unreached = None

    def _unreachable(self, error: ConnectionFailed) -> None:
        if self._unreached is not None:
            self._unreached += 1
            if self._unreached >= UNREACHED:
                self._end(error)

    def _end(self, error: KlarnaError | None) -> None:
        self.fatal = self.fatal or error
        self._stop.request()


@define(kw_only=True, eq=False)
class Job:
    """Everything that `run_chunk` needs. It knows no engine: whoever delivers row numbers can run it."""

    journal: Journal
    send: Send
    meter: Meter
    in_flight: int = field(default=64, validator=validators.ge(1))
    on_expired: OnExpired = field(default="resend", converter=check_on_expired)
    now: Callable[[], datetime] = wall_clock
    stop: Stop = field(factory=Stop)
    clock: Callable[[], float] = time.monotonic
    outage: Outage = field(init=False)
    stamps: Stamps = field(init=False)
    reach: Reach = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.outage = Outage(self.stop, self.clock, self.meter.tell)
        self.stamps = Stamps(self.journal, self.now, self.on_expired)
        self.reach = Reach(self.stop)
        self.meter.is_paused = lambda: self.outage.is_paused

    def key(self, row: Row, stamp: Stamp) -> str:
        """The idempotency key of a row under its window's stamp."""
        return self.journal.identity.key(row.order_id, row.row, stamp.epoch)

    async def stamp(self, row: Row) -> Stamp | None:
        """The stamp to call under; None where the row is given up."""
        return await self.stamps.of(window_of(row.row))

    async def record(self, row: Row, finish: Finish) -> None:
        """Put on disk what came of a row, whatever becomes of the caller meanwhile."""
        await asyncio.shield(self.journal.finish(finish))
        self.meter.moved(row.state, finish.state)

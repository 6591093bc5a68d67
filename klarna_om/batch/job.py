"""A job: rows to call for, and all that a call for one of them needs."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import define, field, validators

from klarna_om.batch.calls import Send
from klarna_om.batch.circuit_breaker import CircuitBreaker
from klarna_om.batch.fatal_errors import BatchStopped, FatalErrorGuard
from klarna_om.batch.identity import window_of
from klarna_om.batch.journal import Finish, Journal, Row, Stamp
from klarna_om.batch.meter import Meter
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import OnExpired, State, check_on_expired
from klarna_om.batch.stop import Stop


def wall_clock() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@define(kw_only=True, eq=False)
class Job:
    """Everything that `run_chunk` needs. It knows no engine: whoever delivers row numbers can run it."""

    journal: Journal
    send: Send
    meter: Meter
    in_flight: int = field(default=64, validator=validators.ge(1))
    on_expired: OnExpired = field(default="resend", converter=check_on_expired)
    keep_going: bool = False
    """Go on though the first orders are all refused alike."""
    target: str = ""
    """Where the calls go, for messages."""
    now: Callable[[], datetime] = wall_clock
    stop: Stop = field(factory=Stop)
    clock: Callable[[], float] = time.monotonic
    shuffle: Callable[[list[Row]], None] = random.shuffle
    breaker: CircuitBreaker = field(init=False)
    stamps: Stamps = field(init=False)
    guard: FatalErrorGuard = field(init=False)
    _held: list[tuple[Row, Finish]] = field(factory=list[tuple[Row, Finish]], init=False)
    """Refusals that are not recorded while it may be a wrong host or account that refuses."""

    def __attrs_post_init__(self) -> None:
        self.breaker = CircuitBreaker(self.stop, self.clock, self.meter.tell)
        self.stamps = Stamps(self.journal, self.now, self.clock, self.on_expired)
        self.guard = FatalErrorGuard(self.stop, self.target, keep_going=self.keep_going)
        self.meter.is_paused = lambda: self.breaker.is_open

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

    async def finish(self, row: Row, finish: Finish) -> None:
        """Record what a call brought; a refusal is held back while it may come from a wrong host or account."""
        if self.guard.is_confirmed:
            await self.record_held()
        elif finish.state is State.REFUSED:
            self._held.append((row, finish))
            return
        await self.record(row, finish)

    async def record_held(self) -> None:
        """Record the refusals that were held back, unless the run was stopped for what answers."""
        if self._held and not isinstance(self.guard.error, BatchStopped):
            held, self._held = self._held, []
            await asyncio.gather(*(self.record(row, finish) for row, finish in held))

"""A job: rows to call for, and all that a call for one of them needs."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import define, field, validators

from klarna_om.batch.calls import Sender
from klarna_om.batch.circuit_breaker import CircuitBreaker
from klarna_om.batch.fatal_errors import BatchStopped, FatalErrorGuard
from klarna_om.batch.journal import Journal, Row, RowResult, Stamp, window_of
from klarna_om.batch.progress_tracker import ProgressTracker
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import OnExpired, State, check_on_expired
from klarna_om.batch.stop import Stop


def wall_clock() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@define(kw_only=True, eq=False)
class Job:
    """Everything that a row needs. Any engine that delivers row numbers can run it with `run_chunk`."""

    journal: Journal
    sender: Sender
    target: str
    """Where the calls go."""
    in_flight: int = field(validator=validators.ge(1))
    on_expired: OnExpired = field(converter=check_on_expired)
    keep_going: bool = False
    """Continue when the first orders are all refused alike."""
    tracker: ProgressTracker = field(factory=ProgressTracker)
    stop: Stop = field(factory=Stop)
    now: Callable[[], datetime] = wall_clock
    clock: Callable[[], float] = time.monotonic
    shuffle: Callable[[list[Row]], None] = random.shuffle
    breaker: CircuitBreaker = field(init=False)
    stamps: Stamps = field(init=False)
    guard: FatalErrorGuard = field(init=False)
    _held: list[tuple[Row, RowResult]] = field(factory=list[tuple[Row, RowResult]], init=False)
    """Refusals that are not recorded while they may come from a wrong host or account."""

    def __attrs_post_init__(self) -> None:
        self.breaker = CircuitBreaker(self.stop, self.clock, self.tracker.report)
        self.stamps = Stamps(self.journal, now=self.now, clock=self.clock, on_expired=self.on_expired)
        self.guard = FatalErrorGuard(self.stop, self.target, keep_going=self.keep_going)
        self.tracker.pause = lambda: self.breaker.pause

    def key(self, row: Row, stamp: Stamp) -> str:
        """The idempotency key of a row under its window's stamp."""
        return self.journal.identity.key(row.order_id, row.row, stamp.epoch)

    async def stamp(self, row: Row) -> Stamp | None:
        """The stamp to call under; None where the row is given up."""
        return await self.stamps.get(window_of(row.row))

    async def record(self, row: Row, result: RowResult) -> None:
        """Record the result of a call; a refusal is held while it may come from a wrong host or account."""
        if self.guard.is_confirmed:
            await self.record_held()
        elif result.state is State.REFUSED:
            self._held.append((row, result))
            return
        await self.record_now(row, result)

    async def record_now(self, row: Row, result: RowResult) -> None:
        """Put a row's result on disk, also when the caller is cancelled while it is written."""
        await asyncio.shield(self.journal.record(result))
        self.tracker.record_move(row.state, result.state)

    async def record_held(self) -> None:
        """Record the held refusals, unless the run was stopped because of them or of answers that are not Klarna's."""
        if self._held and not isinstance(self.guard.error, BatchStopped):
            held, self._held = self._held, []
            await asyncio.gather(*(self.record_now(row, result) for row, result in held))

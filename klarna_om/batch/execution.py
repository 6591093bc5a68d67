"""A job as this process executes it: the rows to call for, and all that a call for one of them needs."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from attrs import Factory, define, field, validators

from klarna_om.batch.calls import Sender
from klarna_om.batch.circuit_breaker import CircuitBreaker
from klarna_om.batch.clock_jump import ClockWatch
from klarna_om.batch.failure_limit import FailureLimit
from klarna_om.batch.fatal_errors import BatchStopped, FatalErrorGuard
from klarna_om.batch.journal import Journal, Row, RowResult, Stamp
from klarna_om.batch.limit_watch import LimitWatch, ReadPace, no_pace
from klarna_om.batch.progress_tracker import ProgressTracker
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import OnExpired, State
from klarna_om.batch.stop import Stop
from klarna_om.batch.time_limit import TimeLimit
from klarna_om.batch.totals import Pause
from klarna_om.keys import Key
from klarna_om.pace.deadlines import Deadlines


def wall_clock() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def _breaker_of(execution: "Execution") -> CircuitBreaker:
    return CircuitBreaker(execution.stop, execution.clock, execution.tracker.report)


def _guard_of(execution: "Execution") -> FatalErrorGuard:
    return FatalErrorGuard(execution.stop, execution.target, keep_going=execution.keep_going)


def _monotonic_time(execution: "Execution") -> float:
    return execution.clock()


def _limit_watch_of(execution: "Execution") -> LimitWatch:
    return LimitWatch(execution.journal, execution.read_pace, execution.now, execution.clock)


def _clock_watch_of(execution: "Execution") -> ClockWatch:
    return ClockWatch(execution.stop, execution.now, execution.clock)


@define(kw_only=True, eq=False)
class Execution:
    """Everything that a row needs. Any engine that delivers row numbers can run them with `run_chunk`.

    The deliveries of one process share it: an outage, and a host that is not Klarna, are facts about the process.
    """

    journal: Journal
    sender: Sender
    target: str
    """Where the calls go."""
    in_flight: int = field(validator=validators.ge(1))
    on_expired: OnExpired = "fail"
    keep_going: bool = False
    """Continue when the first orders are all refused alike."""
    is_redelivered: bool = False
    """Whoever delivers chunks delivers them again when a row is due, so that no delivery waits for minutes."""
    max_failures: FailureLimit | None = None
    time_limit: TimeLimit = field(factory=TimeLimit)
    tracker: ProgressTracker = field(factory=ProgressTracker)
    stop: Stop = field(factory=Stop)
    read_pace: ReadPace = no_pace
    """What the rate limit allows now; it is recorded when it changes."""
    now: Callable[[], datetime] = wall_clock
    clock: Callable[[], float] = time.monotonic
    shuffle: Callable[[list[Row]], None] = random.shuffle
    queue: Deadlines = field(factory=Deadlines, init=False)
    """The calls that wait for their place in the rate limit: a stop withdraws them."""
    started: float = Factory(_monotonic_time, takes_self=True)
    """When the run began, on the monotonic clock."""
    worker: UUID = field(factory=uuid4)
    """Who claims windows."""
    breaker: CircuitBreaker = Factory(_breaker_of, takes_self=True)
    guard: FatalErrorGuard = Factory(_guard_of, takes_self=True)
    clock_watch: ClockWatch = Factory(_clock_watch_of, takes_self=True)
    limit_watch: LimitWatch = Factory(_limit_watch_of, takes_self=True)
    waiting: Pause | None = field(default=None, init=False)
    """Set while the job waits for what Klarna's schedule repeats."""
    _is_bound: bool = field(default=False, init=False)
    _held: list[tuple[Row, RowResult]] = field(factory=list[tuple[Row, RowResult]], init=False)
    """Refusals that are not recorded while they may come from a wrong host or account."""

    def __attrs_post_init__(self) -> None:
        self.stop.on_request(self.queue.close)
        self.tracker.pause = lambda: self.breaker.pause or self.waiting

    async def bind(self) -> None:
        """Check, once, that the journal belongs to this host; raises `JournalMismatchError`."""
        if not self._is_bound:
            await self.journal.bind(self.target)
            self._is_bound = True

    def make_stamps(self) -> Stamps:
        """The stamps of one delivery."""
        return Stamps(self.journal, worker=self.worker, now=self.now, clock=self.clock, on_expired=self.on_expired)

    def key(self, row: Row, stamp: Stamp) -> Key:
        """The idempotency key of a row under its window's stamp, with the time since when it may be in use."""
        return Key(self.journal.identity.key(row, stamp.epoch), min(stamp.first_used, self.now()))

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
        if self.max_failures is not None and self.max_failures.is_reached(self.tracker.before, self.tracker.totals):
            self.stop.request(f"too many rows have failed in this run; the limit is {self.max_failures}")
        await self.limit_watch.observe()

    async def record_held(self) -> None:
        """Record the held refusals, unless the run was stopped because of them or of answers that are not Klarna's."""
        if self._held and not isinstance(self.guard.error, BatchStopped):
            held, self._held = self._held, []
            await asyncio.gather(*(self.record_now(row, result) for row, result in held))

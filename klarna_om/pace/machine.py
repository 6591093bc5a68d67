"""The pace of all processes of this user on one machine, through a file that all of them map.

- A process holds one slot ahead for each lane, and sends at that slot's own instant: no slot is fought for.
- What one process learns from an answer is in the file, so a 429 holds all of them.
- Who cannot have the lock for a quarter of a second, since a process was stopped while it held it, paces alone
  (`alone.py`) until it can.
- What a file cannot have, such as times of another boot, is replaced.
- A process that was forked, and one whose file was deleted, opens the file anew.
"""

import os
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from attrs import frozen

from klarna_om.exchange import Response
from klarna_om.pace.alone import PATIENCE, SHARE, Alone
from klarna_om.pace.lanes import LANES, Lane
from klarna_om.pace.machine_file import check_support, path_of
from klarna_om.pace.machine_state import MachineState
from klarna_om.pace.merchant import Merchant
from klarna_om.pace.merchant_limit import MerchantLimit
from klarna_om.pace.own_rate import OwnRate
from klarna_om.pace.pacing import PaceSnapshot
from klarna_om.pace.shared import shared_in_loop
from klarna_om.pace.slots import AHEAD
from klarna_om.pace.wait_queue import WaitQueue

TRIES = 50
"""Attempts to have the lock, some 50 microseconds, before the event loop goes on for `RETRY` seconds."""
RETRY = 0.001


@frozen
class MachinePace:
    """`KlarnaClient(pace="machine")`: the pace that this user's processes on this machine share."""

    def pacing(self, merchant: Merchant, highest: float | None = None) -> "MachinePacer":
        """One object for each merchant and event loop, or one with a lower rate of its own."""
        check_support()
        make = partial(MachinePacer, path_of(merchant), merchant.limit)
        return make(highest=highest) if highest is not None else shared_in_loop(f"machine {merchant.name}", make)


class MachinePacer:
    """The part of one process in the pace of the machine."""

    def __init__(
        self,
        path: Path,
        limit: float,
        *,
        highest: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Open the file at `path`, or make it, for a merchant with this published `limit`."""
        self._open = partial(_open, path, limit, uniform)
        self._own, self._clock, self._share = OwnRate(highest), clock, 1.0
        self._begin()

    def _begin(self) -> None:
        """Begin in this process: what another one has planned, and those who wait there, belong to it."""
        self._pid, self._state = os.getpid(), self._open()
        self._queue = WaitQueue(self._serve)
        self._alone = Alone("the file of the machine's pace")
        self._planned: dict[Lane, float] = {}
        self._unwritten: list[tuple[Response, float]] = []
        self._blocked_since: float | None = None

    def _begin_if_forked(self) -> None:
        if self._pid != os.getpid():
            self._begin()

    def try_acquire(self, lane: Lane, share: float = 1.0) -> bool:
        """Take a slot if one is due now and nobody in this process waits for it."""
        self._begin_if_forked()
        if lane == "batch":
            self._share = share
        return not self._queue.is_behind(lane) and self._take(lane, ahead=0.0) is None

    async def acquire(self, lane: Lane) -> None:
        """Wait for a slot."""
        self._begin_if_forked()
        await self._queue.wait(lane)

    def observe(self, response: Response) -> None:
        """Follow what an answer reports of the quota, for all processes."""
        self._begin_if_forked()
        if not self._state.limit.is_news(response):
            return
        now = self._clock()
        self._unwritten.append((response, now))
        if self._lock(now):
            self._state.unlock()
        else:
            self._state.limit.observe(response, now)
            self._state.forget()
        if self._unwritten or not self._queue.lanes.are_empty:
            self._queue.wake()

    def snapshot(self) -> PaceSnapshot:
        """The state of the pace, with the calls that wait in this process."""
        self._begin_if_forked()
        now, lanes = self._clock(), self._queue.lanes
        if self._lock(now):
            self._state.unlock()
        limit = self._state.limit
        limit.rate.grow(now)
        rate, held_for = limit.rate.value * (SHARE if self._alone.is_on else 1.0), max(0.0, limit.held_until - now)
        return PaceSnapshot(rate, limit.rate.ceiling, held_for, lanes.count("live"), lanes.count("batch"))

    def _serve(self) -> float | None:
        """Let through those whose slot is due, the live lane first."""
        lanes, waits = self._queue.lanes, list[float]()
        for lane in LANES:
            while lanes.next(lane) is not None:
                if (seconds := self._take(lane, AHEAD)) is not None:
                    waits.append(seconds)
                    break
                lanes.wake_next(lane)
        if self._unwritten:
            if self._lock(self._clock()):
                self._state.unlock()
            else:
                waits.append(RETRY)
        return min(waits, default=None)

    def _take(self, lane: Lane, ahead: float) -> float | None:
        """None where a slot is taken that is due, else the seconds after which to ask again."""
        now = self._clock()
        if not self._lock(now):
            return self._take_alone(lane, now)
        try:
            return self._take_shared(lane, now, ahead)
        finally:
            self._state.unlock()

    def _take_shared(self, lane: Lane, now: float, ahead: float) -> float | None:
        state, is_held = self._state, self._state.limit.held_until > now
        if (planned := self._planned.pop(lane, None)) is not None and not is_held:
            if planned <= now:
                return None
            self._planned[lane] = planned
            return planned - now
        due = max(state.due(lane), self._own.due())
        if due > now + ahead:
            return due - now - ahead
        state.take(lane, max(due, now), self._share)
        self._own.take(max(due, now))
        if due <= now:
            return None
        self._planned[lane] = due
        return due - now

    def _take_alone(self, lane: Lane, now: float) -> float | None:
        if not self._alone.is_on:
            return RETRY
        limit = self._state.limit
        due = max(self._alone.due(lane, limit), self._own.due())
        if due > now:
            return min(due - now, PATIENCE)
        self._alone.take(lane, now, limit, self._share)
        self._own.take(now)
        return None

    def _lock(self, now: float) -> bool:
        """Have the state for oneself, with what this process has observed; False where that is not possible now."""
        if self._state.lock(now, 1 if self._alone.is_on else TRIES):
            self._blocked_since = None
            self._alone.stop()
            if self._unwritten:
                self._write_observed()
            return True
        if self._blocked_since is None:
            self._blocked_since = now
        elif now - self._blocked_since >= PATIENCE:
            self._alone.start("another process has held its lock for too long, and may be stopped")
        return False

    def _write_observed(self) -> None:
        for response, seen_at in self._unwritten:
            nearer = self._state.limit.observe(response, seen_at)
            if nearer < 1.0:
                self._state.slots.move_nearer(seen_at, nearer)
        self._unwritten.clear()
        self._state.write()


def _open(path: Path, limit: float, uniform: Callable[[float, float], float]) -> MachineState:
    return MachineState(path, MerchantLimit(limit, uniform=uniform))

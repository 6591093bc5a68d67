"""The merchant's rate limit within one process: evenly spaced send slots, at the rate that Klarna's answers report.

- Every attempt takes a slot. A batch is spaced one slot apart; a live call may go up to a tenth of a window early, and
  of a second at most (`slots.py`).
- What answers change is in `merchant_limit.py`, how the rate moves in `adaptive_rate.py`.
- A clock that goes backwards or jumps ahead neither stops calls nor allows a larger burst.
"""

import random
import time
from collections.abc import Callable

from klarna_om.exchange import Response
from klarna_om.pace.forward_clock import ForwardClock
from klarna_om.pace.lanes import LANES, Lane
from klarna_om.pace.merchant_limit import MerchantLimit
from klarna_om.pace.pacing import PaceSnapshot
from klarna_om.pace.slots import Slots
from klarna_om.pace.wait_queue import WaitQueue


class Pacer:
    """One per merchant and process. Every attempt takes a slot, retries too."""

    def __init__(
        self,
        limit: float,
        *,
        window: float = 1.0,
        highest: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Start at 0.95 of the published `limit` requests a `window` seconds; never above `highest` a second."""
        self._limit = MerchantLimit(limit, window=window, highest=highest, uniform=uniform)
        self._slots, self._queue = Slots(), WaitQueue(self._serve)
        self._clock = ForwardClock(clock)
        self._share = 1.0

    def try_acquire(self, lane: Lane, share: float = 1.0) -> bool:
        """Take a slot if it is due now and nobody waits for it.

        A batch takes at most `share` of the rate, which leaves slots for live calls; the last call sets it.
        """
        if lane == "batch":
            self._share = share
        if self._queue.is_behind(lane):
            return False
        now = self._clock()
        if self._due(lane) > now:
            return False
        self._take(lane, now)
        return True

    async def acquire(self, lane: Lane) -> None:
        """Wait for a slot."""
        await self._queue.wait(lane)

    def observe(self, response: Response) -> None:
        """Follow what an answer reports of the quota; one that may not be Klarna's need not be passed."""
        if not self._limit.is_news(response):
            return
        now = self._clock()
        nearer = self._limit.observe(response, now)
        if nearer < 1.0:
            self._slots.move_nearer(now, nearer)
            if not self._queue.lanes.are_empty:
                self._queue.wake()

    def snapshot(self) -> PaceSnapshot:
        """The state of the pace."""
        now, limit, lanes = self._clock(), self._limit, self._queue.lanes
        limit.rate.grow(now)
        held_for = max(0.0, limit.held_until - now)
        return PaceSnapshot(limit.rate.value, limit.rate.ceiling, held_for, lanes.count("live"), lanes.count("batch"))

    def _due(self, lane: Lane) -> float:
        """When the next slot of a lane is due, on the clock."""
        return max(self._slots.due(lane, self._limit.rate.window), self._limit.held_until)

    def _take(self, lane: Lane, now: float) -> None:
        self._limit.rate.grow(now)
        self._slots.take(lane, now, self._limit.rate.value, self._share)

    def _serve(self) -> float | None:
        """Let through those that are due, the live lane first."""
        lanes = self._queue.lanes
        for lane in LANES:
            while lanes.next(lane) is not None:
                now = self._clock()
                if (due := self._due(lane)) > now:
                    return due - now
                self._take(lane, now)
                lanes.wake_next(lane)
        return None

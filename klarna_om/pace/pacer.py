"""The merchant's rate limit: evenly spaced send slots (GCRA), moved by what Klarna's answers say of it.

The limit is per merchant and second; it is followed at 0.95. A 429, or an answer that says nothing remains, holds
everybody until the reset, and lowers the rate to 0.85 of itself, at most once a second; it grows back 2 % a second.
A batch is spaced one slot apart. A live call may go up to a tenth of a window early, and of a second at most.
https://docs.klarna.com/api/rate-limit
"""

import asyncio
import random
import time
from collections.abc import Callable

from attrs import frozen

from klarna_om.exchange import Response
from klarna_om.pace.lanes import Lane, Lanes
from klarna_om.rate_limit import rate_limit

HEADROOM = 0.95
SLOWDOWN = 0.85
RECOVERY = 1.02
LATENESS = 0.02
"""Seconds of a late wake-up that are made good, so that a coarse timer does not cost quota."""


@frozen
class PaceSnapshot:
    """How the pace stands, for metrics."""

    rate: float
    """Requests a second now."""
    ceiling: float
    """Requests a second that the rate may grow back to."""
    held_for: float
    """Seconds for which nobody may send."""
    waiting_live: int
    waiting_batch: int


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
        """Start at 0.95 of `limit` requests a `window` seconds; never above `highest` requests a second."""
        if limit <= 0 or window <= 0 or (highest is not None and highest <= 0):
            raise ValueError("limit, window and the highest rate must be positive")
        self._window, self._highest, self._share = window, highest, 1.0
        self._clock, self._uniform = clock, uniform
        self._ceiling: float = self._capped(HEADROOM * limit / window)
        self._rate: float = self._ceiling
        self._next: dict[Lane, float] = {"live": 0.0, "batch": 0.0}
        self._held_until = self._slowed_at = self._grown_at = float("-inf")
        self._lanes = Lanes()
        self._timer: asyncio.TimerHandle | None = None

    def take_at_once(self, lane: Lane, share: float = 1.0) -> bool:
        """Take a slot if it is due now and nobody waits for it.

        A batch takes at most `share` of the rate, so that live calls find room; who asked last sets it.
        """
        if lane == "batch":
            self._share = share
        lanes = self._lanes
        if not lanes.are_empty and (lanes.next("live") or (lane == "batch" and lanes.next("batch"))):
            return False
        now = self._clock()
        if self._due(lane) > now:
            return False
        self._take(lane, now)
        return True

    async def take(self, lane: Lane) -> None:
        """Wait for a slot."""
        turn = self._lanes.join(lane)
        self._call_waiting()
        await turn

    def observe(self, response: Response) -> None:
        """Follow what an answer says of the quota."""
        said = rate_limit(response.headers)
        if said is not None:
            self._follow(said.limit / said.window, said.window)
        if response.status == 429 or (said is not None and said.remaining == 0):
            reset = said.reset if said is not None and said.reset is not None else self._window
            self._hold(min(reset, 60.0))

    def snapshot(self) -> PaceSnapshot:
        """How the pace stands."""
        now = self._clock()
        self._grow(now)
        return PaceSnapshot(
            self._rate,
            self._ceiling,
            max(0.0, self._held_until - now),
            self._lanes.count("live"),
            self._lanes.count("batch"),
        )

    def _capped(self, rate: float) -> float:
        return rate if self._highest is None else min(rate, self._highest)

    def _due(self, lane: Lane) -> float:
        """When the next slot of a lane is due, on the clock."""
        if lane == "live":
            return max(self._next["live"] - min(self._window, 1.0) / 10, self._held_until)
        return max(self._next["live"], self._next["batch"], self._held_until)

    def _take(self, lane: Lane, now: float) -> None:
        self._grow(now)
        spacing = 1.0 / self._rate
        self._next["live"] = max(self._next["live"], now - LATENESS) + spacing
        if lane == "batch":
            self._next["batch"] = max(self._next["batch"], now - LATENESS) + spacing / self._share

    def _call_waiting(self) -> None:
        """Let through whoever is due, the live lane first, and come back when the next one is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lanes: tuple[Lane, Lane] = ("live", "batch")
        for lane in lanes:
            while self._lanes.next(lane) is not None:
                now = self._clock()
                if (due := self._due(lane)) > now:
                    self._timer = asyncio.get_running_loop().call_later(due - now, self._call_waiting)
                    return
                self._take(lane, now)
                self._lanes.call(lane)

    def _follow(self, limit: float, window: float) -> None:
        ceiling = self._capped(HEADROOM * limit)
        if ceiling == self._ceiling:
            return
        # A rate that was slowed down grows back on its own, however the ceiling moves.
        self._rate = ceiling if self._rate == self._ceiling else min(ceiling, self._rate)
        self._ceiling, self._window = ceiling, window

    def _hold(self, reset: float) -> None:
        now = self._clock()
        self._held_until = max(self._held_until, now + reset + self._uniform(0.0, 0.1))
        self._grow(now)
        if now - self._slowed_at >= 1.0:
            self._rate *= SLOWDOWN
            self._slowed_at = self._grown_at = now

    def _grow(self, now: float) -> None:
        if self._rate < self._ceiling:
            self._rate = min(self._ceiling, self._rate * RECOVERY ** min(now - self._grown_at, 60.0))
        self._grown_at = now

"""The merchant's rate limit: evenly spaced send slots (GCRA), at a rate that follows what Klarna's answers report.

- Every attempt takes a slot. A batch is spaced one slot apart; a live call may go up to a tenth of a window early, and
  of a second at most.
- How the rate moves is in `adaptive_rate.py`. When the limit changes, slots that are already planned come nearer with
  it, so that one odd report does not outlast the next good one.
- A 429 holds all calls until `X-Ratelimit-Reset`, or for one window where it has none, and for a minute at most.
- Another answer with `X-Ratelimit-Remaining: 0` does so for two windows at most: more would contradict its own window.
- Nothing is held or slowed by a quota that is not credible, unless it came with a 429.
- `Retry-After` concerns the call that got it, and moves nothing here.
- A clock that goes backwards or jumps ahead neither stops calls nor allows a larger burst.

https://docs.klarna.com/api/rate-limit
"""

import asyncio
import random
import time
from collections.abc import Callable

from attrs import frozen

from klarna_om.exchange import Response
from klarna_om.pace.adaptive_rate import AdaptiveRate
from klarna_om.pace.forward_clock import ForwardClock
from klarna_om.pace.lanes import Lane, Lanes
from klarna_om.rate_limit import RateLimit, rate_limit, seconds_to_reset

LATENESS = 0.02
"""Seconds of a late wake-up that are compensated, so that a coarse timer does not cost quota."""
LONGEST_HOLD = 60.0
"""Seconds. Klarna's windows last one; a longer wait is not the merchant's quota."""
MOST_WINDOWS = 2
"""A reset is rounded up to whole seconds, so it may be a little after the window."""


@frozen
class PaceSnapshot:
    """The state of the pace, for metrics."""

    rate: float
    """Requests a second now."""
    ceiling: float
    """Requests a second that the rate may grow back to."""
    held_for: float
    """Seconds for which nothing may be sent."""
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
        """Start at 0.95 of the published `limit` requests a `window` seconds; never above `highest` a second."""
        numbers = (limit, window, 1.0 if highest is None else highest)
        if not all(0 < number < float("inf") for number in numbers):
            raise ValueError("limit, window and the highest rate must be positive")
        self._rate = AdaptiveRate(limit, window, highest)
        self._share = 1.0
        self._clock, self._uniform = ForwardClock(clock), uniform
        self._next: dict[Lane, float] = {"live": 0.0, "batch": 0.0}
        self._held_until = float("-inf")
        self._lanes = Lanes()
        self._timer: asyncio.TimerHandle | None = None

    def try_acquire(self, lane: Lane, share: float = 1.0) -> bool:
        """Take a slot if it is due now and nobody waits for it.

        A batch takes at most `share` of the rate, which leaves slots for live calls; the last call sets it.
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

    async def acquire(self, lane: Lane) -> None:
        """Wait for a slot."""
        turn = self._lanes.join(lane)
        self._wake_waiters()
        await turn

    def observe(self, response: Response) -> None:
        """Follow what an answer reports of the quota; one that may not be Klarna's need not be passed."""
        quota = rate_limit(response.headers)
        if response.status != 429 and self._is_nothing_new(quota):
            return
        if quota is not None and not self._rate.is_credible(quota):
            quota = None
        now = self._clock()
        is_raised = quota is not None and self._follow(quota, now)
        seconds, sent_at = self._seconds_to_hold(response, quota), now - response.elapsed
        if seconds is not None:
            self._held_until = max(self._held_until, now + seconds + self._uniform(0.0, 0.1))
            self._rate.slow_down(now, sent_at)
        elif sent_at >= self._held_until:
            self._rate.let_through(now, quota)
        if is_raised and not self._lanes.are_empty:
            self._wake_waiters()

    def snapshot(self) -> PaceSnapshot:
        """The state of the pace."""
        now = self._clock()
        self._rate.grow(now)
        return PaceSnapshot(
            self._rate.value,
            self._rate.ceiling,
            max(0.0, self._held_until - now),
            self._lanes.count("live"),
            self._lanes.count("batch"),
        )

    def _due(self, lane: Lane) -> float:
        """When the next slot of a lane is due, on the clock."""
        if lane == "live":
            return max(self._next["live"] - min(self._rate.window, 1.0) / 10, self._held_until)
        return max(self._next["live"], self._next["batch"], self._held_until)

    def _take(self, lane: Lane, now: float) -> None:
        self._rate.grow(now)
        spacing = 1.0 / self._rate.value
        self._next["live"] = max(self._next["live"], now - LATENESS) + spacing
        if lane == "batch":
            self._next["batch"] = max(self._next["batch"], now - LATENESS) + spacing / self._share

    def _wake_waiters(self) -> None:
        """Let through those that are due, the live lane first, and come back when the next one is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lanes: tuple[Lane, Lane] = ("live", "batch")
        for lane in lanes:
            while self._lanes.next(lane) is not None:
                now = self._clock()
                if (due := self._due(lane)) > now:
                    self._timer = asyncio.get_running_loop().call_later(due - now, self._wake_waiters)
                    return
                self._take(lane, now)
                self._lanes.wake_next(lane)

    def _is_nothing_new(self, quota: RateLimit | None) -> bool:
        """Is it the quota that most answers report? That costs the least."""
        rate = self._rate
        return quota is not None and bool(quota.remaining) and rate.is_at_ceiling and rate.is_followed(quota)

    def _follow(self, quota: RateLimit, now: float) -> bool:
        """Take over a limit; True where it is higher than before, so that planned slots came nearer."""
        before = self._rate.ceiling
        self._rate.follow(quota)
        nearer = before / self._rate.ceiling
        if nearer >= 1.0:
            return False
        self._next = {lane: now + (due - now) * nearer for lane, due in self._next.items()}
        return True

    def _seconds_to_hold(self, response: Response, quota: RateLimit | None) -> float | None:
        """For how long nothing may be sent after this answer; None where it was within the limit."""
        window = self._rate.window
        if response.status == 429:
            reset = seconds_to_reset(response.headers)
            return min(window if reset is None else reset, LONGEST_HOLD)
        if quota is None or quota.remaining != 0:
            return None
        return min(window if quota.reset is None else quota.reset, MOST_WINDOWS * window, LONGEST_HOLD)

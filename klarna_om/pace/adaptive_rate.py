"""The rate of requests, and how it moves.

- The ceiling is 0.95 of the merchant's limit: of the published one, or of the one in an answer where that is credible.
  A quota that is not credible is ignored, and the ceiling stays.
- A 429 lowers the rate to 0.85 of itself, at most once a second, and never below a tenth of the ceiling.
- Then the rate stays until a request that was sent after the wait is let through: a series of 429 never raises it.
  From that answer on it grows with time, needed or not.
- What the first 429 of a series left is the threshold: below it the rate grows 40 % a second, above it 2 % a second.
- When 5 s have passed in which every answer had a quarter of the quota remaining, the threshold is the ceiling again:
  nobody else uses the merchant's quota.

The threshold is TCP's: quickly back to what was safe, slowly beyond. Simulated with two to eight busy processes of a
merchant, it uses as much of the limit as growth of 2 % alone, with no more 429.
"""

import math
from collections.abc import Sequence

from klarna_om.pace.slots import LONGEST_AHEAD
from klarna_om.rate_limit import RateLimit

HEADROOM = 0.95
"""Klarna calls its numbers approximate, and the network moves requests closer together."""
SLOWDOWN = 0.85
LEAST_FRACTION = 0.1
"""Of the ceiling. A quarter would be too much: eight busy processes of a merchant would get 10 % of 429."""
FAST_GROWTH, SLOW_GROWTH = 1.4, 1.02
LONGEST_GROWTH = 120.0
"""Seconds from the least rate to the ceiling, and no more, so that a clock that jumps years ahead is no overflow."""
CALM = 5.0
"""Seconds: several windows, since the early answers of a window have plenty remaining even where others use it all."""
PLENTY = 0.25
"""Of the quota, remaining. Processes that share a limit leave less than that after they slow down."""

LEAST_RATE = 1.0
"""Requests a second that a limit must allow. The lowest that Klarna was seen to send allows 5; less stops a client."""
MOST_TIMES_PUBLISHED = 10
"""Klarna raises limits for large merchants; more than ten times as much is taken for a mistake."""
LONGEST_WINDOW = 60
"""Seconds. Klarna's windows last one."""
LOWEST_RATE, HIGHEST_RATE = 1e-3, 1e6
"""Requests a second that a shared state may have; beyond, it is no state."""
LONG_AGO = -1e9
"""A time before any other, on any clock; unlike infinity, every store can keep it."""


class AdaptiveRate:
    """Requests a second: a fraction of the ceiling."""

    def __init__(self, limit: float, window: float, highest: float | None) -> None:
        """Start at the ceiling, which is never above `highest` requests a second."""
        self._published, self._highest = limit / window, highest
        self._limit, self.window = float(limit), float(window)
        self.ceiling = self._ceiling_of(self._published)
        self._fraction = self._threshold = 1.0
        self._is_growing = self._has_success = True
        self._slowed_at = self._busy_at = self._grown_at = LONG_AGO

    @property
    def value(self) -> float:
        """Requests a second now."""
        return self.ceiling * self._fraction

    @property
    def is_at_ceiling(self) -> bool:
        """Is there nothing to grow, and nothing that keeps it from growing?"""
        return self._fraction >= 1.0 and self._is_growing

    def is_followed(self, quota: RateLimit) -> bool:
        """Is this the limit that is followed already?"""
        return quota.limit == self._limit and quota.window == self.window

    def is_credible(self, quota: RateLimit) -> bool:
        """Can this be the merchant's limit?"""
        if not 1 <= quota.window <= LONGEST_WINDOW:
            return False
        least = min(LEAST_RATE, self._published)
        return least <= quota.limit / quota.window <= MOST_TIMES_PUBLISHED * self._published

    def follow(self, quota: RateLimit) -> None:
        """Take over a credible limit. A rate that was slowed down stays the same fraction of it."""
        self._limit, self.window = float(quota.limit), float(quota.window)
        self.ceiling = self._ceiling_of(quota.limit / quota.window)

    def slow_down(self, now: float, sent_at: float) -> None:
        """Nothing is left. Several such answers count once, and so do late ones, sent before the last slowdown."""
        self.grow(now)
        if sent_at - self._slowed_at >= 1.0:
            self._fraction = max(LEAST_FRACTION, self._fraction * SLOWDOWN)
            if self._has_success:
                self._threshold = self._fraction
            self._slowed_at, self._has_success = now, False
        self._is_growing = False

    def let_through(self, now: float, quota: RateLimit | None) -> None:
        """A request that was sent after the wait is within the limit."""
        self._has_success = True
        if not self._is_growing:
            self._is_growing, self._grown_at, self._busy_at = True, now, now
        elif quota is None or quota.remaining is None or quota.remaining < PLENTY * quota.limit:
            self.grow(now)
            self._busy_at = now

    def grow(self, now: float) -> None:
        """Bring the rate up to this moment."""
        if self._fraction >= 1.0 or not self._is_growing:
            return
        calm_at = max(self._grown_at, self._busy_at + CALM)
        if calm_at < now:
            self._fraction = _grown(self._fraction, calm_at - self._grown_at, self._threshold)
            self._threshold, self._grown_at = 1.0, calm_at
        self._fraction = _grown(self._fraction, now - self._grown_at, self._threshold)
        self._grown_at = now

    def numbers(self) -> tuple[float, ...]:
        """The state, as it is kept where several processes share it."""
        return (
            self._limit,
            self.window,
            self._fraction,
            self._threshold,
            float(self._is_growing),
            float(self._has_success),
            self._slowed_at,
            self._busy_at,
            self._grown_at,
        )

    def restore(self, numbers: Sequence[float]) -> None:
        """Take over such a state, of another process; `are_possible` has looked at it."""
        self._limit, self.window, self._fraction, self._threshold, is_growing, has_success = numbers[:6]
        self._slowed_at, self._busy_at, self._grown_at = numbers[6:]
        self._is_growing, self._has_success = bool(is_growing), bool(has_success)
        self.ceiling = self._ceiling_of(self._limit / self.window)

    def _ceiling_of(self, limit: float) -> float:
        ceiling = HEADROOM * limit
        return ceiling if self._highest is None else min(ceiling, self._highest)


def are_possible(numbers: Sequence[float], now: float) -> bool:
    """Can these be the numbers of a rate? Those of a file that was overwritten, or of another boot, may not."""
    limit, window, fraction, threshold = numbers[:4]
    return (
        all(math.isfinite(number) for number in numbers)
        and 0 < window <= LONGEST_WINDOW
        and LOWEST_RATE <= limit / window <= HIGHEST_RATE
        and LEAST_FRACTION <= fraction <= 1
        and LEAST_FRACTION <= threshold <= 1
        and max(numbers[6:]) <= now + LONGEST_AHEAD
    )


def _grown(fraction: float, seconds: float, threshold: float) -> float:
    """What a fraction grows to, fast up to the threshold and slowly beyond it."""
    if fraction < threshold:
        fast = min(seconds, math.log(threshold / fraction) / math.log(FAST_GROWTH))
        fraction, seconds = fraction * math.pow(FAST_GROWTH, fast), seconds - fast
    return min(1.0, fraction * math.pow(SLOW_GROWTH, min(seconds, LONGEST_GROWTH)))

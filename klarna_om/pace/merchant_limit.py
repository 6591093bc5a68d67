"""What answers show of the merchant's limit: the rate that is followed, and until when nothing may be sent.

- How the rate moves is in `adaptive_rate.py`.
- A 429 holds all calls until `X-Ratelimit-Reset`, or for one window where it has none, and for a minute at most.
- Another answer with `X-Ratelimit-Remaining: 0` does so for two windows at most: more would contradict its own window.
- Nothing is held or slowed by a quota that is not credible, unless it came with a 429.
- `Retry-After` concerns the call that got it, and moves nothing here.

https://docs.klarna.com/api/rate-limit
"""

import random
from collections.abc import Callable

from klarna_om.exchange import Response
from klarna_om.pace.adaptive_rate import LONG_AGO, AdaptiveRate
from klarna_om.rate_limit import RateLimit, rate_limit, seconds_to_reset

LONGEST_HOLD = 60.0
"""Seconds. Klarna's windows last one; a longer wait is not the merchant's quota."""
MOST_WINDOWS = 2
"""A reset is rounded up to whole seconds, so it may be a little after the window."""


class MerchantLimit:
    """The rate and the hold. Times are on the clock of whoever keeps it."""

    def __init__(
        self,
        limit: float,
        *,
        window: float = 1.0,
        highest: float | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Start at 0.95 of `limit` requests a `window` seconds; never above `highest` a second."""
        numbers = (limit, window, 1.0 if highest is None else highest)
        if not all(0 < number < float("inf") for number in numbers):
            raise ValueError("limit, window and the highest rate must be positive")
        self.rate = AdaptiveRate(limit, window, highest)
        self.held_until = LONG_AGO
        self._uniform = uniform

    def is_news(self, response: Response) -> bool:
        """Does it change anything, or may it? Most answers do not, and cost the least."""
        if response.status == 429 or not self.rate.is_at_ceiling:
            return True
        quota = rate_limit(response.headers)
        return quota is not None and not (quota.remaining and self.rate.is_followed(quota))

    def observe(self, response: Response, now: float) -> float:
        """Follow an answer. Returns how much nearer planned slots come: 1.0, or less where the limit was raised."""
        quota = rate_limit(response.headers)
        if quota is not None and not self.rate.is_credible(quota):
            quota = None
        nearer = 1.0 if quota is None else self._follow(quota)
        seconds, sent_at = self._seconds_to_hold(response, quota), now - response.elapsed
        if seconds is not None:
            self.held_until = max(self.held_until, now + seconds + self._uniform(0.0, 0.1))
            self.rate.slow_down(now, sent_at)
        elif sent_at >= self.held_until:
            self.rate.let_through(now, quota)
        return nearer

    def _follow(self, quota: RateLimit) -> float:
        before = self.rate.ceiling
        self.rate.follow(quota)
        return min(1.0, before / self.rate.ceiling)

    def _seconds_to_hold(self, response: Response, quota: RateLimit | None) -> float | None:
        """For how long nothing may be sent after this answer; None where it was within the limit."""
        window = self.rate.window
        if response.status == 429:
            reset = seconds_to_reset(response.headers)
            return min(window if reset is None else reset, LONGEST_HOLD)
        if quota is None or quota.remaining != 0:
            return None
        return min(window if quota.reset is None else quota.reset, MOST_WINDOWS * window, LONGEST_HOLD)

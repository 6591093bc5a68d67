"""The merchant's quota: a number of requests in each second of the clock, and 429 for every request beyond it.

Klarna counts per merchant, and sends the three headers with every response.
https://docs.klarna.com/api/rate-limit Klarna has not published how its windows are aligned; the sandbox uses
fixed windows, so a client that spaces its requests evenly passes and one that sends bursts gets 429. A 401
has no quota headers: credentials are checked before the merchant is known.
"""

import math
from collections.abc import Callable

LIVE_LIMIT = 200
"""Requests a second that Klarna gives a live merchant for order management."""


class Quota:
    """Counts requests. `limit` may be changed at any time; None counts nothing and sends no headers."""

    def __init__(self, limit: int | None, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._clock = clock
        self._window = 0
        self._used = 0
        self._blocked_until = 0.0

    def try_acquire(self) -> bool:
        """Count one request; return whether it is allowed."""
        now = self._clock()
        if now < self._blocked_until:
            return False
        if self.limit is None:
            return True
        if (window := int(now)) != self._window:
            self._window, self._used = window, 0
        self._used += 1
        return self._used <= self.limit

    def block(self, seconds: float) -> None:
        """Refuse every request for this number of seconds; for 0, until the current window ends."""
        now = self._clock()
        self._blocked_until = max(self._blocked_until, now + seconds if seconds else math.floor(now) + 1)

    def headers(self) -> dict[str, str]:
        """The rate-limit headers of a response. While requests are blocked, they count down to the end."""
        now, limit = self._clock(), self.limit
        headers = {} if limit is None else {"X-Ratelimit-Limit": f"{limit}, {limit};w=1"}
        if now < self._blocked_until:
            reset = str(math.ceil(self._blocked_until - now))
            return {**headers, "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": reset}
        if limit is None:
            return headers
        return {**headers, "X-Ratelimit-Remaining": str(max(0, limit - self._used)), "X-Ratelimit-Reset": "1"}

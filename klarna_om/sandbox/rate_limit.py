"""The merchant's quota: so many requests in each second of the clock, and 429 to everybody beyond it.

Klarna counts per merchant, and sends the three headers with every answer.
https://docs.klarna.com/api/rate-limit The shape of its windows is published nowhere; these are fixed, which
lets the strictest client through and a careless one into the wall. A 401 carries no quota: it comes before
the merchant is known.
"""

import math
from collections.abc import Callable

LIVE = 200
"""Requests a second that Klarna gives a live merchant for order management."""


class Quota:
    """Counts requests. `limit` may be changed at any moment; None counts nothing and sends no headers."""

    def __init__(self, limit: int | None, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._clock = clock
        self._window = 0
        self._used = 0
        self._closed_until = 0.0

    def take(self) -> bool:
        """Whether one more request is allowed now."""
        now = self._clock()
        if now < self._closed_until:
            return False
        if self.limit is None:
            return True
        if (window := int(now)) != self._window:
            self._window, self._used = window, 0
        self._used += 1
        return self._used <= self.limit

    def close(self, seconds: float) -> None:
        """Let everybody hear 429 for so long; for 0, until the present window ends."""
        now = self._clock()
        self._closed_until = max(self._closed_until, now + seconds if seconds else math.floor(now) + 1)

    def headers(self) -> dict[str, str]:
        """What the answer says of the quota. While it is closed, it counts down to the reopening."""
        now = self._clock()
        closed = now < self._closed_until
        limit = self.limit
        told = {} if limit is None else {"X-Ratelimit-Limit": f"{limit}, {limit};w=1"}
        if closed:
            return {
                **told,
                "X-Ratelimit-Remaining": "0",
                "X-Ratelimit-Reset": str(math.ceil(self._closed_until - now)),
            }
        if limit is None:
            return told
        return {**told, "X-Ratelimit-Remaining": str(max(0, limit - self._used)), "X-Ratelimit-Reset": "1"}

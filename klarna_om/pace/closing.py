"""The time limits that run in a client, under one timer; and its end, which brings them all forward.

A timer for each request would be a tenth of what the request costs. Limits mostly end in the order in which they
began, so one timer for the first of them is moved once for many requests.
"""

import asyncio
from collections.abc import Iterable

from attrs import define, field


@define(eq=False)
class Closing:
    """Whatever waits or is under way in a client is ended here, also where the session is the caller's own."""

    is_closed: bool = False
    _running: dict[asyncio.Timeout, float | None] = field(factory=dict[asyncio.Timeout, float | None], init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)

    def limit(self, when: float | None) -> asyncio.Timeout:
        """`asyncio.timeout_at`, until `forget`: it expires at once when the client is closed."""
        limit = asyncio.timeout_at(None)
        self._running[limit] = when
        if when is not None and (self._timer is None or when < self._timer.when()):
            self._wake_at(when)
        return limit

    def forget(self, limit: asyncio.Timeout) -> None:
        """What it limited is over."""
        self._running.pop(limit, None)

    def close(self) -> None:
        """End everything now. Nobody who begins after this gets far: `is_closed` is asked first."""
        self.is_closed = True
        self._end(tuple(self._running))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._wake)

    def _wake(self) -> None:
        """End what is due, and come back for the first of the others."""
        self._timer = None
        now = asyncio.get_running_loop().time()
        self._end(limit for limit, when in self._running.items() if when is not None and when <= now)
        later = min((when for when in self._running.values() if when is not None and when > now), default=None)
        if later is not None:
            self._wake_at(later)

    def _end(self, limits: Iterable[asyncio.Timeout]) -> None:
        for limit in limits:
            if not limit.expired():
                limit.reschedule(0.0)

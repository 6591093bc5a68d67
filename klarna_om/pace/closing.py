"""The end of a client: whatever waits or is under way in it is ended, also where the session is the caller's own."""

import asyncio

from attrs import define, field


@define(eq=False)
class Closing:
    """The time limits that run in a client, so that its close can bring them forward."""

    is_closed: bool = False
    _running: set[asyncio.Timeout] = field(factory=set[asyncio.Timeout], init=False)

    def limit(self, when: float | None) -> asyncio.Timeout:
        """`asyncio.timeout_at`, until `forget`: it expires at once when the client is closed."""
        limit = asyncio.timeout_at(when)
        self._running.add(limit)
        return limit

    def forget(self, limit: asyncio.Timeout) -> None:
        """What it limited is over."""
        self._running.discard(limit)

    def close(self) -> None:
        """End everything now. Nobody who begins after this gets far: `is_closed` is asked first."""
        self.is_closed = True
        for limit in self._running:
            if not limit.expired():
                limit.reschedule(0.0)

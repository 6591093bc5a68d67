"""Those who wait for a slot, and the one timer that comes back for them."""

import asyncio
from collections.abc import Callable

from klarna_om.pace.lanes import Lane, Lanes


class WaitQueue:
    """`serve` wakes those whose slot is due, and returns in how many seconds to come back; None for not at all."""

    def __init__(self, serve: Callable[[], float | None]) -> None:
        self.lanes = Lanes()
        self.is_closed = False
        self._serve = serve
        self._timer: asyncio.TimerHandle | None = None

    def is_behind(self, lane: Lane) -> bool:
        """Would a call that comes now be behind another one?"""
        lanes = self.lanes
        return not lanes.are_empty and (
            lanes.next("live") is not None or (lane == "batch" and lanes.next("batch") is not None)
        )

    async def wait(self, lane: Lane) -> None:
        """Wait in a lane until it is this call's turn."""
        turn = self.lanes.join(lane)
        self.wake()
        await turn

    def wake(self) -> None:
        """Let through those that are due, and come back when the next one is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        seconds = None if self.is_closed else self._serve()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.wake)

    def close(self) -> None:
        """Serve nobody any more."""
        self.is_closed = True
        self.wake()

"""Two queues: those who wait in the live lane go before the batch lane."""

import asyncio
from collections import deque
from typing import Literal

Lane = Literal["live", "batch"]
LANES: tuple[Lane, Lane] = ("live", "batch")
"""Those of the first go before the second wherever they have to wait."""


class Lanes:
    """Those who wait, in order within each lane."""

    def __init__(self) -> None:
        self._live: deque[asyncio.Future[None]] = deque()
        self._batch: deque[asyncio.Future[None]] = deque()
        self._waiting = {"live": self._live, "batch": self._batch}

    def join(self, lane: Lane) -> "asyncio.Future[None]":
        """Join the end of a lane; the future is resolved when its caller may go on."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(waiter)
        return waiter

    @property
    def are_empty(self) -> bool:
        """Are both lanes empty? For most calls they are."""
        return not self._live and not self._batch

    def next(self, lane: Lane) -> "asyncio.Future[None] | None":
        """The first one of a lane that has not given up."""
        waiting = self._waiting[lane]
        while waiting and waiting[0].done():
            del waiting[0]
        return waiting[0] if waiting else None

    def wake_next(self, lane: Lane) -> bool:
        """Wake the first one of a lane; False when nobody waits."""
        waiter = self.next(lane)
        if waiter is None:
            return False
        del self._waiting[lane][0]
        waiter.set_result(None)
        return True

    def count(self, lane: Lane) -> int:
        """How many wait in a lane."""
        return sum(not waiter.done() for waiter in self._waiting[lane])

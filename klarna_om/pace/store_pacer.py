"""The pace of all processes of all machines, by a row in a store that grants slots (`store.py`, `store_link.py`).

A process asks for as many slots as calls wait in it, and sends at each slot's own instant. When the store is away it
paces alone (`alone.py`).
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable

from klarna_om.errors import ConfigurationError
from klarna_om.exchange import Response
from klarna_om.pace.alone import PATIENCE, SHARE
from klarna_om.pace.lanes import LANES, Lane
from klarna_om.pace.merchant_limit import MerchantLimit
from klarna_om.pace.own_rate import OwnRate
from klarna_om.pace.pacing import PaceSnapshot
from klarna_om.pace.slots import AHEAD, LATENESS
from klarna_om.pace.store import Grant, Store
from klarna_om.pace.store_link import RETRY, StoreLink
from klarna_om.pace.wait_queue import WaitQueue

SHORTEST_WAIT = 0.001
"""Seconds between two requests for slots, where the first one brought too few."""


class StorePacer:
    """The part of one process, which belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        limit: float,
        *,
        highest: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Pace by the row of a merchant with this published `limit`."""
        self._link = StoreLink(store, MerchantLimit(limit, uniform=uniform), clock, self._keep, self._wake)
        self._queue, self._own = WaitQueue(self._serve), OwnRate(highest)
        self._clock, self._share = clock, 1.0
        self._slots: dict[Lane, deque[float]] = {lane: deque() for lane in LANES}
        self._asked: dict[Lane, int] = dict.fromkeys(LANES, 0)
        self._ask_at: dict[Lane, float] = dict.fromkeys(LANES, 0.0)
        self._loop: asyncio.AbstractEventLoop | None = None

    def try_acquire(self, lane: Lane, share: float = 1.0) -> bool:
        """Take a slot if one that was granted is due now and nobody in this process waits for it."""
        if lane == "batch":
            self._share = share
        return not self._queue.is_behind(lane) and self._take(lane)

    async def acquire(self, lane: Lane) -> None:
        """Wait for a slot."""
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise ConfigurationError("this pace belongs to another event loop: make one in each loop and process")
        if self._queue.is_closed:
            raise ConfigurationError("this pace is closed: close it after the clients that use it")
        await self._queue.wait(lane)

    def observe(self, response: Response) -> None:
        """Follow what an answer reports of the quota, for all machines."""
        if self._link.observe(response):
            self._queue.wake()

    def snapshot(self) -> PaceSnapshot:
        """The state of the pace as this process knows it, with the calls that wait in it."""
        now, limit, lanes = self._link.now(), self._link.limit, self._queue.lanes
        limit.rate.grow(now)
        rate = limit.rate.value * (SHARE if self._link.alone.is_on else 1.0)
        held_for = max(0.0, limit.held_until - now)
        return PaceSnapshot(rate, limit.rate.ceiling, held_for, lanes.count("live"), lanes.count("batch"))

    async def aclose(self) -> None:
        """Close the connection to the store."""
        self._queue.close()
        await self._link.aclose()

    def _wake(self) -> None:
        self._queue.wake()

    def _serve(self) -> float | None:
        """Let through those whose slot is due, the live lane first, and ask for more slots."""
        lanes, link = self._queue.lanes, self._link
        link.notice_silence()
        for lane in LANES:
            while lanes.next(lane) is not None and self._take(lane):
                lanes.wake_next(lane)
        waiting: list[Lane] = [lane for lane in LANES if lanes.next(lane) is not None]
        if link.can_ask():
            self._ask(waiting)
        seconds = [self._seconds_to_slot(lane) for lane in waiting]
        next_of_store = link.seconds_to_next(is_wanted=bool(waiting))
        return min([*seconds, *([] if next_of_store is None else [next_of_store])], default=None)

    def _take(self, lane: Lane) -> bool:
        """Take a slot that is due."""
        now = self._link.now()
        if self._link.alone.is_on:
            return self._take_alone(lane, now)
        if self._link.limit.held_until > now:
            for slots in self._slots.values():
                slots.clear()
            return False
        slots = self._slots[lane]
        while slots and slots[0] < now - LATENESS:
            slots.popleft()  # nobody was there, or this process was too busy: a burst would follow
        if not slots or slots[0] > now:
            return False
        slots.popleft()
        return True

    def _take_alone(self, lane: Lane, now: float) -> bool:
        limit, alone = self._link.limit, self._link.alone
        if self._link.can_ask():
            self._ask([])  # is it back?
        if alone.due(lane, limit) > now or self._own.due() > self._clock():
            return False
        alone.take(lane, now, limit, self._share)
        self._own.take(self._clock())
        return True

    def _ask(self, waiting: list[Lane]) -> None:
        lanes, now = self._queue.lanes, self._clock()
        left = self._own.count_until(now + AHEAD, sum(lanes.count(lane) for lane in waiting))
        self._asked = dict.fromkeys(LANES, 0)
        for lane in waiting:
            if now >= self._ask_at[lane]:
                self._asked[lane] = min(left, max(0, lanes.count(lane) - len(self._slots[lane])))
                left -= self._asked[lane]
        if any(self._asked.values()) or self._link.has_to_write() or self._link.alone.is_on:
            self._link.ask(self._asked, self._share)

    def _keep(self, grant: Grant) -> None:
        """Keep the slots for those who wait; where they are too few, ask again when half of what is ahead is over."""
        now = self._clock()
        for lane, slots in grant.slots.items():
            # After a step of the store's clock what was granted before may be an hour ahead.
            kept = (slot for slot in self._slots[lane] if slot <= grant.now + 2 * AHEAD)
            self._slots[lane] = deque([*kept, *slots])
            self._own.take(now, len(slots))
            wait = 0.0
            if len(slots) < self._asked[lane]:
                wait = max(SHORTEST_WAIT, grant.due[lane] - grant.now - AHEAD / 2)
            self._ask_at[lane] = now + min(wait, RETRY)
        self._queue.wake()

    def _seconds_to_slot(self, lane: Lane) -> float:
        """When the first one of a lane may have its slot, or when to ask for it."""
        link, until_own = self._link, self._own.due() - self._clock()
        if link.alone.is_on:
            return min(max(link.alone.due(lane, link.limit) - link.now(), until_own), PATIENCE)
        if self._slots[lane]:
            return self._slots[lane][0] - link.now()
        if not link.can_ask():
            return RETRY
        return max(self._ask_at[lane] - self._clock(), until_own - AHEAD, SHORTEST_WAIT)

"""One process and its store: one request at a time, what answers have shown and is not written, and the store's clock.

A store that fails, or does not answer for a quarter of a second, is away: the process paces alone, and asks every
second whether it is back. The first answer may take longer, since it includes the connection.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from klarna_om.exchange import Response
from klarna_om.pace.adaptive_rate import are_possible
from klarna_om.pace.alone import PATIENCE, Alone
from klarna_om.pace.merchant_limit import MerchantLimit
from klarna_om.pace.store import Ask, Grant, Store

WRITE_EVERY = 0.1
"""Seconds between two writes of what answers show."""
GRACE = 0.02
"""Seconds by which a timer may be late in a process that is not busy."""
FIRST_PATIENCE = 2.0
"""Seconds for the first answer, instead of `PATIENCE`."""
RETRY = 1.0
MOST_UNWRITTEN = 1000
"""Answers that are kept while the store is away."""


class StoreLink:
    """Asks, and learns from what it gets. `take` gets each grant, and `wake` is called when a request has ended."""

    def __init__(
        self,
        store: Store,
        limit: MerchantLimit,
        clock: Callable[[], float],
        take: Callable[[Grant], None],
        wake: Callable[[], None],
    ) -> None:
        self.limit, self.alone = limit, Alone(f"the pace in {store}")
        self._store, self._clock, self._take, self._wake = store, clock, take, wake
        self._unwritten: deque[tuple[Response, float]] = deque(maxlen=MOST_UNWRITTEN)
        self._offset = self._asked_at = self._retry_at = self._write_at = 0.0
        self._is_strange = self._has_grace = False
        self._patience = FIRST_PATIENCE
        self._task: asyncio.Task[None] | None = None

    def now(self) -> float:
        """The time on the store's clock, as far as it is known."""
        return self._clock() + self._offset

    def observe(self, response: Response) -> bool:
        """Follow an answer here at once, and in the store soon; False where it shows nothing new."""
        if not self.limit.is_news(response):
            return False
        now = self._clock()
        self._unwritten.append((response, now))
        self.limit.observe(response, now + self._offset)
        return True

    def can_ask(self) -> bool:
        """Is no request under way, and none too early after one that failed?"""
        return self._task is None and self._clock() >= self._retry_at

    def has_to_write(self) -> bool:
        """Is something to be written now?"""
        return bool(self._unwritten) and self._clock() >= self._write_at

    def seconds_to_next(self, *, is_wanted: bool) -> float | None:
        """When to come back because of the store: to notice that it is away, to ask again, or to write."""
        now = self._clock()
        if self._task is not None:
            return None if self.alone.is_on else max(0.0, self._asked_at + self._patience - now)
        if self._unwritten:
            return max(self._retry_at, self._write_at) - now
        return self._retry_at - now if is_wanted and self._retry_at > now else None

    def notice_silence(self) -> None:
        """Pace alone once a request was not answered for too long."""
        now = self._clock()
        late = now - self._asked_at - self._patience
        if self._task is None or late < 0.0:
            return
        if late > GRACE and not self._has_grace:
            # This process was busy for that long: the answer may be there, and is read first.
            self._has_grace, self._asked_at = True, now + GRACE - self._patience
            return
        self.alone.start(f"no answer for {self._patience} s")

    def ask(self, ask: Ask, share: float) -> None:
        """Ask for slots, and write what is to be written."""
        self._asked_at, self._has_grace = self._clock(), False
        self._task = asyncio.get_running_loop().create_task(self._exchange(ask, share))
        self._task.add_done_callback(self._end)

    async def aclose(self) -> None:
        """End the request that is under way, and close the store."""
        if (task := self._task) is not None:
            self._store.abort()
            await asyncio.wait([task], timeout=PATIENCE)
            task.cancel()
            await asyncio.wait([task])
        await self._store.close()

    def _end(self, _: "asyncio.Task[None]") -> None:
        self._task = None
        self._wake()

    async def _exchange(self, ask: Ask, share: float) -> None:
        try:
            grant = await self._store.fetch(ask, share)
            nearer = self._learn(grant)
            self.alone.stop()
            self._asked_at, self._patience = self._clock(), PATIENCE
            self._take(grant)
            if self._is_strange or self.has_to_write():
                await self._write(grant, nearer)
        except Exception as error:  # noqa: BLE001  # whatever it is, calls go on
            self._retry_at = self._clock() + RETRY
            self.alone.start(f"{type(error).__name__}: {error}".partition("\n")[0])

    def _learn(self, grant: Grant) -> float:
        """Take over the store's state, and what this process has seen since. How much nearer planned slots come."""
        self._offset = grant.now - self._clock()
        self._is_strange = not are_possible(grant.rate, grant.now)
        if not self._is_strange:
            self.limit.rate.restore(grant.rate)
        self.limit.held_until = grant.held_until
        nearer = 1.0
        for response, seen_at in self._unwritten:
            nearer *= self.limit.observe(response, seen_at + self._offset)
        return nearer

    async def _write(self, grant: Grant, nearer: float) -> None:
        rate = self.limit.rate
        seen, self._unwritten = self._unwritten, deque(maxlen=MOST_UNWRITTEN)
        is_written = False
        try:
            is_written = await self._store.write(
                grant.version, rate.numbers(), rate.value, self.limit.held_until, nearer
            )
        finally:
            if is_written:
                self._write_at = self._clock() + WRITE_EVERY
            else:
                self._unwritten.extendleft(reversed(seen))

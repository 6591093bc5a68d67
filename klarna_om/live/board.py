"""One reading of the database for all who look, and none while nobody does."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from attrs import evolve, frozen

from klarna_om.batch.journal import JournalError
from klarna_om.live.speed import Speed, SpeedMeter
from klarna_om.live.state import State

INTERVAL = 1.0
"""Seconds between two readings."""

SHARE = 0.1
"""Of the time, at most, that readings take: one that lasts longer than usual is made less often."""


@frozen
class Board:
    """What is shown."""

    state: State | None = None
    """None until the database has answered."""
    speeds: Mapping[UUID, Speed] = {}
    read_at: datetime | None = None
    away_since: datetime | None = None
    """Set while the database is away; the state is then the one from before."""
    reason: str = ""
    """Why it is away: for the terminal, since it may name hosts and users."""

    @property
    def is_blank(self) -> bool:
        """Was nothing read yet?"""
        return self.state is None and self.away_since is None


class Boards:
    """Reads while somebody watches."""

    def __init__(
        self,
        read: Callable[[], Awaitable[State]],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_change: Callable[[Board], object] = lambda board: None,
    ) -> None:
        """`on_change` is called when the database goes away or is back."""
        self._read, self._sleep, self._clock, self._now = read, sleep, clock, now
        self._on_change = on_change
        self._meter = SpeedMeter()
        self._board = Board()
        self._expires = float("-inf")
        self._reading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._watchers = 0
        self._is_ended = False
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        """With those that are being cancelled."""

    @contextmanager
    def watch(self) -> Generator[None, None, None]:
        """While inside, the database is read once a second, by one task for all."""
        self._watchers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
            self._tasks.add(self._task)
            self._task.add_done_callback(self._end)
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._task.cancel()
                self._task = None

    async def next(self, seen: Board | None) -> Board | None:
        """The board, as soon as it is another than the one that was seen; None at the end. `watch` meanwhile."""
        while self._board is seen or self._board.is_blank or self._is_ended:
            if self._is_ended:
                return None
            if self._task is not None and self._task.done():
                self._task.result()
            await self._changed.wait()
        return self._board

    async def current(self) -> Board:
        """The board as it is now; a reading of the last second counts as such."""
        async with self._reading:
            if self._clock() >= self._expires:
                await self._update()
            return self._board

    def end(self) -> None:
        """Let all who wait for the next board go."""
        self._is_ended = True
        self._notify()

    async def close(self) -> None:
        """End the reading, and wait for its end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _poll(self) -> None:
        while True:
            await self.current()
            self._notify()
            await self._sleep(max(0.0, self._expires - self._clock()))

    async def _update(self) -> None:
        began = self._clock()
        before = self._board
        try:
            state = await self._read()
        except JournalError as reason:
            self._board = evolve(before, away_since=before.away_since or self._now(), reason=str(reason), speeds={})
            self._expires = self._clock() + INTERVAL
        else:
            ended = self._clock()
            self._board = Board(state, self._meter.add(ended, state.jobs), self._now())
            self._expires = ended + max(INTERVAL, (ended - began) / SHARE)
        if (before.away_since is None) != (self._board.away_since is None):
            self._on_change(self._board)

    def _end(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

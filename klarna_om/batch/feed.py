"""One iterator for all workers: the rows in one state, read a window's worth at a time."""

import asyncio
from collections import deque

from klarna_om.batch.identity import WINDOW
from klarna_om.batch.journal import Journal, Row
from klarna_om.batch.states import State


class Feed:
    """The rows from `low` to `high` that are in `state` when the feed comes to them."""

    def __init__(self, journal: Journal, state: State, low: int, high: int) -> None:
        self._journal = journal
        self._state = state
        self._next, self._high = low, high
        self._page: deque[Row] = deque()
        self._turning = asyncio.Lock()

    async def take(self) -> Row | None:
        """The next row, each to one worker only; None when there are no more."""
        async with self._turning:
            if not self._page and self._next <= self._high:
                await self._turn()
            return self._page.popleft() if self._page else None

    async def _turn(self) -> None:
        self._page.extend(await self._journal.open_rows(self._state, self._next, self._high, WINDOW))
        self._next = self._page[-1].row + 1 if self._page else self._high + 1

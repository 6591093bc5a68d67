"""One iterator for all workers: the rows in one state, read a page at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection

from klarna_om.batch.journal import Journal, Row
from klarna_om.batch.states import State

PAGE = 1_000
"""Rows that are read at once."""

Arrange = Callable[[list[Row]], list[Row]]
"""Selects and orders the rows of a page."""

Lease = Callable[[Collection[int]], Awaitable[Collection[int]]]
"""Takes the leases of windows; returns those that no other worker has."""


class Feed:
    """The rows from `low` to `high` that are in `state` when their page is read, and that no other worker has."""

    def __init__(
        self, journal: Journal, lease: Lease, state: State, low: int, high: int, arrange: Arrange = lambda rows: rows
    ) -> None:
        self._journal = journal
        self._lease = lease
        self._state = state
        self._next, self._high = low, high
        self._arrange = arrange
        self._page: deque[Row] = deque()
        self._lock = asyncio.Lock()

    async def take(self) -> Row | None:
        """The next row, each to one worker only; None when there are no more."""
        async with self._lock:
            while not self._page and self._next <= self._high:
                await self._read_page()
            return self._page.popleft() if self._page else None

    async def _read_page(self) -> None:
        page = await self._journal.unsettled_rows(self._state, self._next, self._high, PAGE)
        self._next = page[-1].row + 1 if page else self._high + 1
        if page:
            self._page.extend(self._arrange(await self._lease_and_read(page)))

    async def _lease_and_read(self, page: list[Row]) -> list[Row]:
        """The rows of the page once more: until the leases began, another worker may have settled them."""
        window_of = self._journal.identity.window_of
        leased = await self._lease({window_of(row.row) for row in page})
        rows = await self._journal.unsettled_rows(self._state, page[0].row, page[-1].row, PAGE) if leased else []
        return [row for row in rows if window_of(row.row) in leased]

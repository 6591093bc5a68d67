"""The leases that this process has: renewed until they are released, and known to be over without asking."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import frozen

from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres import statements
from klarna_om.batch.postgres.database import Connection, Database

RELEASE = statements.RELEASE_LEASES.encode()

RENEWAL = 5.0
"""Seconds between two renewals."""

logger = logging.getLogger("klarna_om.batch.postgres")


@frozen
class _Lease:
    worker: UUID
    seconds: float
    ends: float
    """On the monotonic clock, counted from before the database was asked; in the past where it was lost."""


class Leases:
    """The leases of one job's windows. A window that was lost stays known, so that no result of it is recorded."""

    def __init__(
        self,
        job: UUID,
        database: Database,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._job = job
        self._database = database
        self.clock = clock
        self._sleep = sleep
        self._leases: dict[int, _Lease] = {}

    def note(self, window: int, worker: UUID, seconds: float, asked_at: float) -> None:
        """Note a lease that the database granted."""
        self._leases[window] = _Lease(worker, seconds, asked_at + seconds)

    def holds(self, window: int) -> bool:
        """Is this lease certainly not over?"""
        lease = self._leases.get(window)
        return lease is not None and self.clock() < lease.ends

    def worker_of(self, window: int) -> UUID | None:
        """Who took the lease through this journal; None where nobody did."""
        lease = self._leases.get(window)
        return None if lease is None else lease.worker

    async def renew(self, now: datetime | None = None) -> None:
        """Renew those that no other worker has taken over; the others are lost."""
        leases = dict(self._leases)
        for seconds in {lease.seconds for lease in leases.values()}:
            windows = [window for window, lease in leases.items() if lease.seconds == seconds]
            await self._renew(windows, seconds, now)

    async def _renew(self, windows: list[int], seconds: float, now: datetime | None) -> None:
        asked_at = self.clock()
        values = {"seconds": seconds, "now": now, **self._values(windows)}
        kept = await self._database.run(lambda connection: _update_leases(connection, values))
        for window in windows:
            if (lease := self._leases.get(window)) is not None:
                ends = asked_at + seconds if window in kept else float("-inf")
                self._leases[window] = _Lease(lease.worker, seconds, ends)

    async def release(self, windows: Collection[int]) -> None:
        """End leases now. Where the database is away, they end by themselves."""
        known = [window for window in windows if window in self._leases]
        values = self._values(known)
        for window in known:
            del self._leases[window]
        if known:
            try:
                await self._database.run_long(lambda connection: connection.execute(RELEASE, values))
            except JournalError as reason:
                logger.warning("leases end by themselves, as they could not be released: %s", reason)

    @contextlib.asynccontextmanager
    async def keep(self, *, is_automatic: bool = True) -> AsyncGenerator[None, None]:
        """Renew them every five seconds."""
        task = asyncio.create_task(self._run() if is_automatic else asyncio.sleep(0))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._sleep(RENEWAL)
            try:
                await self.renew()
            except JournalError as reason:
                logger.warning("leases could not be renewed: %s", reason)

    def _values(self, windows: list[int]) -> dict[str, Any]:
        return {"job": self._job, "chunks": windows, "workers": [self.worker_of(window) for window in windows]}


async def _update_leases(connection: Connection, values: dict[str, Any]) -> set[int]:
    cursor = await connection.execute(statements.RENEW_LEASES.encode(), values)
    return {chunk for (chunk,) in await cursor.fetchall()}

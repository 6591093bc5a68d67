"""The journal of one job in PostgreSQL: shared by the workers of any number of machines."""

import logging
from collections.abc import AsyncGenerator, AsyncIterable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID, uuid4

from klarna_om.batch.entry import Entry
from klarna_om.batch.job_facts import Limit
from klarna_om.batch.journal import Hook, Identity, JournalError, JournalMismatchError, RowResult, Stamp
from klarna_om.batch.postgres import statements
from klarna_om.batch.postgres.claims import Claims
from klarna_om.batch.postgres.database import Connection, Database
from klarna_om.batch.postgres.deadlocks import repeat_after_deadlock
from klarna_om.batch.postgres.loader import ANALYZE, load_manifest
from klarna_om.batch.postgres.reader import PostgresReader, read_identity
from klarna_om.batch.postgres.recorder import Recorder
from klarna_om.batch.states import State
from klarna_om.workflows.after_window import TIERS

logger = logging.getLogger("klarna_om.batch.postgres")

CHUNK = 200
"""Rows that are claimed, stamped and delivered together."""


class PostgresJournal(PostgresReader):
    """A `Journal`; open it with `PostgresJournal.open(dsn, job_id, operation)`.

    Leases, stamps and due times are judged by the database's clock, so machines whose clocks differ agree on them; a
    test passes `use_database_clock=False`, and the `now` of each call counts.
    """

    def __init__(self, database: Database, identity: Identity, *, use_database_clock: bool = True) -> None:
        super().__init__(database, identity, use_database_clock=use_database_clock)
        self.claims = Claims(UUID(identity.job_id), database, use_database_clock=use_database_clock)
        self._recorder = Recorder(identity, database, self.claims.leases.worker_of)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        dsn: str,
        job_id: UUID | None = None,
        operation: str = "orders.acknowledge",
        *,
        window: int = CHUNK,
        use_database_clock: bool = True,
    ) -> AsyncGenerator["PostgresJournal", None]:
        """Open a job's journal, or create it: without an id, for a new job. Several processes may have it open.

        `window`: how many rows of a new job are claimed and stamped together.
        Raises `JournalMismatchError` for a job of another operation, `JournalError` for a database without the tables.
        """
        job_id = job_id or uuid4()
        async with Database.connect(dsn) as database:
            values = {"job": job_id, "operation": operation, "window": window}
            await database.run(lambda connection: connection.execute(statements.ENSURE_JOB.encode(), values))
            identity = await read_identity(database, job_id)
            if identity.operation != operation:
                raise JournalMismatchError(
                    f"this journal belongs to a job of {identity.operation}, not of {operation}; use another job id"
                )
            async with cls(database, identity, use_database_clock=use_database_clock).running() as journal:
                yield journal

    @classmethod
    @asynccontextmanager
    async def open_to_read(cls, dsn: str, job_id: UUID) -> AsyncGenerator[PostgresReader, None]:
        """Open the journal of a job that exists, to look at it, also while the job runs."""
        async with Database.connect(dsn) as database:
            yield PostgresReader(database, await read_identity(database, job_id))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["PostgresJournal", None]:
        """Renew the leases meanwhile."""
        try:
            async with self.claims.leases.keep(is_automatic=self._use_database_clock):
                yield self
        finally:
            await self._recorder.close()

    async def bind(self, target: str) -> None:
        """Set where the calls go. Raises `JournalMismatchError` when anything may have been sent to another host."""
        await self.claims.bind(target)

    async def load(self, chunks: AsyncIterable[Sequence[Entry]], *, then: Hook | None = None) -> None:
        """Replace the manifest, in one transaction. Orders that are known keep their row and its state.

        `then` is called with psycopg's `AsyncConnection`, and what it returns is awaited, in the same transaction.
        """
        await self._database.run_long(lambda connection: load_manifest(connection, self._identity, chunks, then))
        try:
            await self._database.run_long(lambda connection: connection.execute(ANALYZE.encode()))
        except JournalError as reason:  # the manifest is loaded all the same; autovacuum does it later
            logger.warning("the tables could not be analyzed, so the job may be slow at first: %s", reason)

    async def lease(self, windows: Collection[int], now: datetime, worker: UUID, seconds: float) -> Collection[int]:
        """Take the leases of windows before their rows are read; returns those that no other worker has."""
        return await self.claims.lease(windows, now, worker, seconds)

    def holds(self, window: int) -> bool:
        """Is the lease of a window certainly not over? By this process's monotonic clock."""
        return self.claims.leases.holds(window)

    async def release(self, windows: Collection[int]) -> None:
        """End the leases of windows; where the database is away, they end by themselves."""
        await self.claims.leases.release(windows)

    async def claim(self, window: int, now: datetime, worker: UUID, lease: float) -> Stamp | None:
        """Claim a window for `lease` seconds: its latest stamp, or the first one, which this makes; one statement."""
        return await self.claims.claim(window, now, worker, lease)

    async def renew_stamp(self, stamp: Stamp, now: datetime) -> Stamp:
        """Make the stamp of the next epoch, unless there is one: then return that."""
        return await self.claims.renew_stamp(stamp, now)

    async def remove_stamps(self, stamps: Sequence[Stamp]) -> None:
        """Remove first stamps under which nothing was sent, of windows that no other worker has claimed since."""
        await self.claims.remove_stamps(stamps)

    async def record(self, result: RowResult) -> None:
        """Record the result of a call, in one commit with others. A row that is done or refused stays so."""
        await self._recorder.record(result)

    async def record_limit(self, limit: Limit) -> None:
        """Record what the rate limit allows from now on."""
        values = {**self._job, "at": limit.at, "ceiling": limit.ceiling, "rate": limit.rate}
        await self._database.run(lambda connection: connection.execute(statements.INSERT_LIMIT.encode(), values))

    async def retry(self, *, refused: bool, unknown: bool, code: str | None = None) -> int:
        """Take up rows again, those with this error code only; returns how many."""
        scripts = [statements.RETRY_REFUSED] * refused + [statements.RETRY_UNKNOWN] * unknown
        values = {**self._job, "code": code}

        async def update(connection: Connection) -> int:
            await connection.execute(statements.LOCK_JOB.encode(), self._job)
            return await repeat_after_deadlock(connection, lambda: take_up(connection))

        async def take_up(connection: Connection) -> int:
            return sum([(await connection.execute(script.encode(), values)).rowcount for script in scripts])

        return await self._database.run_long(update)

    async def postpone(self, rows: Sequence[int], now: datetime) -> int:
        """Move unknown rows on in Klarna's schedule, unless they were called early; returns how many are escalated."""
        values = {"rows": list(rows), "first": TIERS[1], "second": TIERS[2], "now": self.claims.now(now)}
        return sum(state == State.ESCALATED for (state,) in await self._fetch(statements.POSTPONE, **values))

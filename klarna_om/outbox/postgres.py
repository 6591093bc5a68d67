"""PostgreSQL, through a pool of psycopg 3."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, IsolationLevel
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from klarna_om.outbox.connections import Transaction, transaction_on
from klarna_om.outbox.dialect import CHANNEL, POSTGRESQL

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class PostgresDatabase:
    """Takes a connection for each transaction, and keeps one for notifications where the pool has two or more."""

    dialect = POSTGRESQL
    failures: tuple[type[Exception], ...] = (psycopg.Error, OSError)

    def __init__(self, pool: Pool, clock: Callable[[], float] | None) -> None:
        self._pool = pool
        self._clock = clock

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[tuple[Transaction, Any], None]:
        """Commit at the end, roll back for an exception."""
        async with self._pool.connection() as connection:
            usual = connection.isolation_level
            # The order's lock is looked at again after it was waited for, which a snapshot would hide.
            await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)
            try:
                async with connection.transaction():
                    yield transaction_on(connection, self._now), connection
            finally:
                if connection.info.transaction_status == TransactionStatus.IDLE:  # else the pool drops it
                    await connection.set_isolation_level(usual)

    async def listen(self, wake: Callable[[], None]) -> None:
        """Wait for notifications on a connection of the pool."""
        if self._pool.max_size < 2:
            return
        async with self._pool.connection() as connection:
            usual = connection.autocommit
            try:
                await connection.set_autocommit(True)
                await connection.execute(f"listen {CHANNEL}")
                wake()  # for what was committed before
                async for _ in connection.notifies():
                    wake()
            finally:
                await _stop_listening(connection, autocommit=usual)

    def __str__(self) -> str:
        return "this database of PostgreSQL"

    def _now(self, _: object) -> float | None:
        return None if self._clock is None else self._clock()


async def _stop_listening(connection: AsyncConnection[Any], *, autocommit: bool) -> None:
    """Give the pool back what it gave; a connection that broke is replaced by the pool."""
    try:
        await connection.execute("unlisten *")
        await connection.set_autocommit(autocommit)
    except psycopg.Error:
        await connection.close()

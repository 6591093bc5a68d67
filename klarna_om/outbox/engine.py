"""SQLAlchemy's async engine, on PostgreSQL (psycopg or asyncpg) or on an SQLite file: the one that the shop has."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from klarna_om.outbox.connections import Transaction, dialect_of, transaction_on
from klarna_om.outbox.dialect import CHANNEL, SQLITE

LOCK_FILE = SQLITE.render("update {version} set version = version where 0")
"""Takes the file's lock for writing, and writes nothing."""


CLOSE_TIMEOUT = 2.0
"""Seconds for a connection that is being opened when it is no longer wanted."""


class EngineDatabase:
    """Takes a connection for each transaction, and has one beside the pool for notifications."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] | None) -> None:
        self.dialect = dialect_of(engine)
        self.failures: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout, OSError, *_raised_by(engine.driver))
        self._is_sqlite = self.dialect is SQLITE
        if self._is_sqlite and engine.url.database in (None, "", ":memory:"):
            raise ValueError("an engine in memory has one connection for everybody: give it a file")
        self._engine = engine
        self._url = engine.url.render_as_string(hide_password=True)
        self._clock = clock or (time.time if self._is_sqlite else None)
        self._one_writes = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[tuple[Transaction, Any], None]:
        """Commit at the end, roll back for an exception."""
        begin = self._begin_on_sqlite if self._is_sqlite else self._begin_on_postgresql
        async with begin() as connection:
            yield transaction_on(connection, self._now), connection

    @asynccontextmanager
    async def _begin_on_postgresql(self) -> AsyncGenerator[AsyncConnection, None]:
        async with self._engine.connect() as connection:
            # The order's lock is looked at again after it was waited for, which a snapshot would hide.
            connection = await connection.execution_options(isolation_level="READ COMMITTED")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _begin_on_sqlite(self) -> AsyncGenerator[AsyncConnection, None]:
        async with self._one_writes, self._engine.begin() as connection:
            await _lock_file(connection)
            yield connection

    async def listen(self, wake: Callable[[], None]) -> None:
        """Wait for notifications, with the drivers that have them."""
        if (listen := _LISTEN.get(self._engine.driver)) is None:
            return
        opening = asyncio.create_task(self._open_beside_the_pool())
        try:
            await listen(await asyncio.shield(opening), wake)
        finally:
            await _close(opening)

    async def _open_beside_the_pool(self) -> Any:
        """The driver's connection."""
        connection = await self._engine.connect()
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        raw = (await connection.get_raw_connection()).driver_connection
        await connection.run_sync(lambda pooled: pooled.detach())
        return raw

    def __str__(self) -> str:
        return self._url

    def _now(self, _: object) -> float | None:
        return None if self._clock is None else self._clock()


async def _lock_file(connection: AsyncConnection) -> None:
    try:
        await connection.execute(text(LOCK_FILE))
    except OperationalError as error:
        _expect_no_table(error)


def _expect_no_table(error: OperationalError) -> None:
    """A missing table is named when the drain looks for it; every other error is raised."""
    if "no such table" not in str(error.orig):
        raise error


async def _close(opening: "asyncio.Task[Any]") -> None:
    """Close what is opened. SQLAlchemy loses a connection whose opening is cancelled, so its end is waited for."""
    await asyncio.wait([opening], timeout=CLOSE_TIMEOUT)
    if not opening.cancel() and opening.exception() is None:
        await opening.result().close()


async def _listen_on_psycopg(raw: Any, wake: Callable[[], None]) -> None:
    await raw.execute(f"listen {CHANNEL}")
    wake()  # for what was committed before
    async for _ in raw.notifies():
        wake()


async def _listen_on_asyncpg(raw: Any, wake: Callable[[], None]) -> None:
    has_ended = asyncio.Event()

    def end(_: object) -> None:
        has_ended.set()

    def notify(*_: object) -> None:
        wake()

    raw.add_termination_listener(end)
    await raw.add_listener(CHANNEL, notify)
    wake()
    await has_ended.wait()
    raise ConnectionError("the connection for notifications has ended")


_LISTEN: Mapping[str, Callable[[Any, Callable[[], None]], Awaitable[None]]] = {
    "psycopg": _listen_on_psycopg,
    "asyncpg": _listen_on_asyncpg,
}


def _raised_by(driver: str) -> tuple[type[Exception], ...]:
    """What SQLAlchemy lets through as it is, such as the answer of a server that is starting."""
    if driver != "asyncpg":
        return ()
    import asyncpg  # type: ignore[import-untyped]

    return (asyncpg.PostgresError, asyncpg.InterfaceError)

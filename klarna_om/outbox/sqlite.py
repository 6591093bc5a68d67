"""SQLite, for shops without PostgreSQL and for tests: a file, or the shop's own connection."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing, nullcontext
from os import PathLike
from typing import Any

from klarna_om.outbox.connections import Transaction, transaction_on
from klarna_om.outbox.dialect import SQLITE

BUSY_DELAY = 0.02
"""Seconds until the file's lock, or the end of the shop's own transaction, is looked for again."""


class SqliteDatabase:
    """One transaction at a time. A file is opened for each of them; a connection of the shop's is shared with it."""

    dialect = SQLITE
    failures: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(
        self, target: str | PathLike[str] | sqlite3.Connection, clock: Callable[[], float] | None = None
    ) -> None:
        if isinstance(target, str) and "://" in target:
            raise ValueError(
                f"{target.partition('://')[0]}:// is not the path of an SQLite file: for PostgreSQL, pass a"
                " psycopg_pool.AsyncConnectionPool or SQLAlchemy's AsyncEngine"
            )
        if target == ":memory:":
            raise ValueError("each connection to ':memory:' is a database of its own: pass the sqlite3.Connection")
        if getattr(target, "autocommit", None) is False:
            raise ValueError("the connection has autocommit=False and is always in a transaction: pass the file's path")
        self._target = target
        self._clock = clock or time.time
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[tuple[Transaction, Any], None]:
        """Commit at the end, roll back for an exception."""
        async with self._lock:
            with self._connect() as connection:
                while not _begin(connection):  # noqa: ASYNC110 - another process sets no event
                    await asyncio.sleep(BUSY_DELAY)
                try:
                    yield transaction_on(connection, lambda _: self._clock()), connection
                    connection.commit()
                finally:
                    connection.rollback()

    def _connect(self) -> Any:
        if isinstance(self._target, sqlite3.Connection):
            return nullcontext(self._target)
        try:
            return closing(sqlite3.connect(self._target, timeout=0, isolation_level=None))
        except sqlite3.OperationalError as reason:
            raise sqlite3.OperationalError(f"{reason}: {self}") from reason

    def __str__(self) -> str:
        return "its sqlite3.Connection" if isinstance(self._target, sqlite3.Connection) else str(self._target)

    async def listen(self, wake: Callable[[], None]) -> None:
        """SQLite has no notifications."""


def _begin(connection: sqlite3.Connection) -> bool:
    """Begin to write; False while somebody else does, be it the shop on the same connection."""
    if connection.in_transaction:
        return False
    try:
        connection.execute("begin immediate")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True

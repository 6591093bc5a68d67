"""Where the intents are, as a drain sees it: it begins and commits transactions of its own."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from os import PathLike
from typing import Any, Protocol, cast

from klarna_om.outbox.connections import Transaction
from klarna_om.outbox.dialect import Dialect

Clock = Callable[[], float]
"""Seconds since the epoch."""


class Database(Protocol):
    """PostgreSQL or SQLite."""

    dialect: Dialect
    failures: tuple[type[Exception], ...]
    """What its driver raises, also while the server is away."""

    def transaction(self) -> AbstractAsyncContextManager[tuple[Transaction, Any]]:
        """A transaction of our own, and the driver's connection under it."""
        ...

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` for each notification, until the connection breaks; returns where there are none."""
        ...


def open_database(target: Any, clock: Clock | None) -> Database:
    """The database behind psycopg's pool, SQLAlchemy's engine, an SQLite file's path or an `sqlite3.Connection`."""
    if isinstance(target, str | PathLike | sqlite3.Connection):
        from klarna_om.outbox.sqlite import SqliteDatabase

        return SqliteDatabase(cast("str | PathLike[str] | sqlite3.Connection", target), clock)
    packages = {cls.__module__.partition(".")[0] for cls in type(target).__mro__}
    if "psycopg_pool" in packages and hasattr(target, "__aenter__"):
        from klarna_om.outbox.postgres import PostgresDatabase

        return PostgresDatabase(target, clock)
    if "sqlalchemy" in packages and hasattr(target, "sync_engine"):
        from klarna_om.outbox.engine import EngineDatabase

        return EngineDatabase(target, clock)
    raise TypeError(
        f"the outbox cannot drain a {type(target).__qualname__}; give it a psycopg_pool.AsyncConnectionPool"
        " (pip install 'klarna-om[postgres]'), SQLAlchemy's AsyncEngine, the path of an SQLite file, or an"
        " sqlite3.Connection"
    )

"""The shop's connection, in whose transaction an intent is added: psycopg's, SQLAlchemy's, sqlite3's or aiosqlite's."""

import inspect
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from uuid import UUID

from attrs import frozen

from klarna_om.outbox.dialect import POSTGRESQL, SQLITE, Dialect, for_psycopg, parameters_of

Rows = list[tuple[Any, ...]]
Run = Callable[[str, dict[str, Any]], Coroutine[Any, Any, Rows]]

ACCEPTED = (
    "psycopg's AsyncConnection, SQLAlchemy's AsyncSession or AsyncConnection (PostgreSQL or SQLite),"
    " sqlite3.Connection, or a connection of aiosqlite"
)


@frozen
class Transaction:
    """Runs our statements in a transaction that is the caller's to commit."""

    dialect: Dialect
    now: float | None
    """The time, in seconds since the epoch; None for the database's own clock."""
    _run: Run

    async def fetch(self, statement: str, **values: Any) -> Rows:
        """Run one statement and return all rows."""
        rendered = self.dialect.render(statement)
        return await self._run(rendered, parameters_of(rendered, {**values, "now": self.now}))


def transaction_on(connection: Any, now: Callable[[Dialect], float | None]) -> Transaction:
    """Our statements on the shop's connection; `TypeError` for one that cannot be used."""
    packages = {cls.__module__.partition(".")[0] for cls in type(connection).__mro__}
    dialect, run = POSTGRESQL, None
    is_async = inspect.iscoroutinefunction(getattr(connection, "execute", None))
    if "psycopg" in packages and is_async and hasattr(connection, "cursor"):
        run = _on_psycopg(connection)
    elif "sqlalchemy" in packages and is_async:
        dialect, run = dialect_of(connection), _on_sqlalchemy(connection)
    elif isinstance(connection, sqlite3.Connection):
        dialect, run = SQLITE, _on_sqlite3(connection)
    elif "aiosqlite" in packages:
        dialect, run = SQLITE, _on_aiosqlite(connection)
    if run is None:
        raise TypeError(f"the outbox cannot use a {type(connection).__qualname__}; give it {ACCEPTED}")
    return Transaction(dialect, now(dialect), run)


def _on_psycopg(connection: Any) -> Run:
    from psycopg.rows import tuple_row

    async def run(statement: str, values: dict[str, Any]) -> Rows:
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(for_psycopg(statement), values)
            return [] if cursor.description is None else await cursor.fetchall()

    return run


def _on_sqlalchemy(connection: Any) -> Run:
    from sqlalchemy import text

    is_sqlite = dialect_of(connection) is SQLITE

    async def run(statement: str, values: dict[str, Any]) -> Rows:
        result = await connection.execute(text(statement), _as_text(values) if is_sqlite else values)
        return [tuple(row) for row in result] if result.returns_rows else []

    return run


def dialect_of(connection: Any) -> Dialect:
    """The dialect of a session, a connection or an engine of SQLAlchemy's; `TypeError` for another database."""
    bind = connection.get_bind() if hasattr(connection, "get_bind") else connection
    name = bind.dialect.name
    for dialect in (POSTGRESQL, SQLITE):
        if dialect.name == name:
            return dialect
    raise TypeError(f"the outbox cannot use a database of {name}; give it {ACCEPTED}")


def _on_sqlite3(connection: sqlite3.Connection) -> Run:
    async def run(statement: str, values: dict[str, Any]) -> Rows:
        cursor = connection.cursor()
        cursor.row_factory = None
        return cursor.execute(statement, _as_text(values)).fetchall()

    return run


def _on_aiosqlite(connection: Any) -> Run:
    async def run(statement: str, values: dict[str, Any]) -> Rows:
        cursor = await connection.execute(statement, _as_text(values))
        return [tuple(row) for row in await cursor.fetchall()]

    return run


def _as_text(values: Mapping[str, Any]) -> dict[str, Any]:
    """SQLite has no type for a UUID."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}

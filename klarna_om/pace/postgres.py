"""The pace of all machines, by an unlogged row in PostgreSQL: `KlarnaClient(pace=PostgresPace(dsn))`."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from klarna_om.errors import ConfigurationError
from klarna_om.pace.adaptive_rate import AdaptiveRate
from klarna_om.pace.merchant import Merchant
from klarna_om.pace.postgres_sql import FETCH, INSERT, SCHEMA, WRITE
from klarna_om.pace.slots import BOUNDS
from klarna_om.pace.store import Ask, Grant, grant_of
from klarna_om.pace.store_pace import StorePace
from klarna_om.settings.credentials import hide

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

    Pool = AsyncConnectionPool[AsyncConnection[Any]]

TIMEOUT = 5
"""Seconds for one request; then the connection is cut."""


class PostgresPace(StorePace):
    """One limit for all processes and machines that use the same database.

        async with PostgresPace("postgresql://...") as pace, KlarnaClient("eu", pace=pace) as klarna: ...

    It needs the extra `postgres`. Close it after its clients; it belongs to one event loop. The table
    `klarna_om.pace` is made at the first use, or by `schema_sql()` where the user of the DSN may not.
    """

    def __init__(self, dsn_or_pool: "str | Pool") -> None:
        """With a DSN it keeps one connection for each merchant; of a pool it takes one for each request."""
        if find_spec("psycopg") is None:
            raise ConfigurationError("a pace in PostgreSQL needs psycopg: pip install 'klarna-om[postgres]'")
        super().__init__()
        self._source = hide(dsn_or_pool) if isinstance(dsn_or_pool, str) else dsn_or_pool

    def _store(self, merchant: Merchant) -> "PostgresStore":
        return PostgresStore(self._source, merchant.name, AdaptiveRate(merchant.limit, 1.0, None))


def schema_sql() -> str:
    """The statements that make the table; they do no harm where it is."""
    return SCHEMA


class PostgresStore:
    """One merchant's row."""

    def __init__(self, source: "str | Pool", name: str, rate: AdaptiveRate) -> None:
        """`rate` is what a new row begins with."""
        self._source, self._name, self._rate = source, name, rate
        self._own: AsyncConnection[Any] | None = None
        self._in_use: AsyncConnection[Any] | None = None

    def __str__(self) -> str:
        return "PostgreSQL"

    async def fetch(self, ask: Ask, share: float) -> Grant:
        """Take slots; the table and the row are made where they are missing, as after a crash of the server."""
        from psycopg.errors import InvalidSchemaName, UndefinedTable

        values: dict[str, Any] = {"live": ask["live"], "batch": ask["batch"], "share": share, **BOUNDS}
        try:
            row = await self._run(FETCH, values)
        except (UndefinedTable, InvalidSchemaName):
            await self._run(SCHEMA, None)
            row = None
        if row is None:
            rate = self._rate
            await self._run(INSERT, {"per_second": rate.value, "rate": [*rate.numbers()]})
            row = await self._run(FETCH, values)
        return grant_of(row)

    async def write(
        self, version: int, rate: Sequence[float], per_second: float, held_until: float, nearer: float
    ) -> bool:
        """Write a rate and a hold, if nobody has since `version`."""
        values = {"rate": [*rate], "per_second": per_second, "held_until": held_until, "nearer": nearer}
        return await self._run(WRITE, {**values, "version": version}) is not None

    def abort(self) -> None:
        """Cut the connection in use: to cancel its query would wait for a server that may not be there."""
        if self._in_use is not None:
            with socket.fromfd(self._in_use.fileno(), socket.AF_INET, socket.SOCK_STREAM) as raw:
                raw.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """Close the connection that was opened here; a pool stays open."""
        if self._own is not None:
            await self._own.close()
            self._own = None

    async def _run(self, statement: str, values: dict[str, Any] | None) -> Any:
        """Run a statement, for five seconds at most."""
        async with self._connection() as connection:
            self._in_use = connection
            deadline = asyncio.get_running_loop().call_later(TIMEOUT, self.abort)
            try:
                cursor = await connection.execute(
                    statement.encode(), None if values is None else {**values, "name": self._name}
                )
                return await cursor.fetchone() if cursor.description is not None else None
            finally:
                deadline.cancel()
                self._in_use = None

    @asynccontextmanager
    async def _connection(self) -> "AsyncGenerator[AsyncConnection[Any]]":
        from psycopg import IsolationLevel

        if not isinstance(self._source, str):
            async with self._source.connection(TIMEOUT) as connection:
                usual = connection.isolation_level
                await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)
                yield connection
                await connection.commit()
                await connection.set_isolation_level(usual)
            return
        if self._own is None:
            self._own = await _connect(self._source)
        try:
            yield self._own
        except BaseException:
            own, self._own = self._own, None
            await own.close()  # whatever it was, the next request has a connection of its own
            raise


async def _connect(dsn: str) -> "AsyncConnection[Any]":
    from psycopg import AsyncConnection

    connection = await AsyncConnection.connect(str.__str__(dsn), autocommit=True, connect_timeout=TIMEOUT)
    # A row that another process has just changed is read again, whatever the database's default is.
    await connection.execute("set session characteristics as transaction isolation level read committed")
    return connection

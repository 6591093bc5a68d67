"""The database of the journals: a pool, and the patience to wait for a server that restarts."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection, IsolationLevel, conninfo
from psycopg_pool import AsyncConnectionPool

from klarna_om.batch.calls import in_one_line
from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres.migrations import check_version

PATIENCE = 15.0
"""Seconds for which a piece of work is repeated while the database is away."""

FIRST_DELAY, MAX_DELAY = 0.05, 1.0
"""Seconds before the second try, and at most before any."""

ATTEMPT_TIMEOUT = 10.0
"""Seconds for one try of what takes milliseconds: a connection whose other end is gone never answers."""

POOL_SIZE = 4

T = TypeVar("T")

Connection = AsyncConnection[Any]
Work = Callable[[Connection], Awaitable[T]]

_CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
    "application_name": "klarna-om",
}
"""What libpq is told where the DSN says nothing of it."""

TEMPORARY = (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError)
"""A server that is away, restarts, is out of connections, or ended one of two transactions that waited for another."""


class Database:
    """Runs work in transactions; a failure breaks nothing for good."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Connection],
        *,
        patience: float = PATIENCE,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pool = pool
        self._patience = patience
        self._sleep = sleep
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def connect(cls, dsn: str, *, patience: float = PATIENCE) -> AsyncGenerator["Database", None]:
        """Open a pool of up to four connections, once the tables are checked. Raises `JournalError`, at once."""
        async with connect_once(dsn) as connection:
            await check_version(connection)
        pool = AsyncConnectionPool[Connection](
            make_conninfo(dsn),
            min_size=1,
            max_size=POOL_SIZE,
            reconnect_timeout=2.0,  # a longer one waits longer and longer between its tries
            configure=_configure,
            open=False,
        )
        async with pool:
            yield cls(pool, patience=patience)

    async def run(self, work: Work[T]) -> T:
        """Do a short piece of work in a transaction, again while the database is away; it must be repeatable.

        Raises `JournalError` after 15 seconds, or at once where waiting does not help.
        """
        began, delay = self._clock(), FIRST_DELAY
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_TIMEOUT):
                    return await self._run_once(work)
            except TEMPORARY as reason:
                if self._clock() - began + delay > self._patience:
                    raise unusable(reason) from reason
            except psycopg.Error as reason:
                raise unusable(reason) from reason
            await self._sleep(delay)
            delay = min(2 * delay, MAX_DELAY)

    async def run_long(self, work: Work[T]) -> T:
        """Do work that may take minutes, or must not be repeated, once."""
        try:
            return await self._run_once(work)
        except psycopg.Error as reason:
            raise unusable(reason) from reason

    async def _run_once(self, work: Work[T]) -> T:
        async with self.pool.connection(timeout=ATTEMPT_TIMEOUT / 2) as connection, connection.transaction():
            return await work(connection)


def make_conninfo(dsn: str) -> str:
    """The DSN, with short time-outs where it names none. Raises `JournalError` for one that is none."""
    try:
        given = conninfo.conninfo_to_dict(dsn)
        return conninfo.make_conninfo(dsn, **{key: _CONNECTION[key] for key in _CONNECTION if key not in given})
    except psycopg.ProgrammingError:
        # Its text may repeat a password.
        raise JournalError(
            "the DSN cannot be read: it is postgresql://user@host/database, or host=... dbname=..."
        ) from None


@asynccontextmanager
async def connect_once(dsn: str) -> AsyncGenerator[Connection, None]:
    """One connection beside any pool, which would not say why there is none. Raises `JournalError`."""
    try:
        async with await AsyncConnection.connect(make_conninfo(dsn)) as connection:
            yield connection
    except psycopg.Error as reason:
        raise unusable(reason) from reason


async def _configure(connection: Connection) -> None:
    # A claim is looked at again after its lock was waited for, which a snapshot would hide.
    await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)


def unusable(reason: BaseException) -> JournalError:
    """What is raised once waiting does not help."""
    message = in_one_line(f"{type(reason).__name__}: {reason}")
    return JournalError(
        f"the journal's database cannot be used ({message}), so nothing more is sent; what it holds is safe. Check the"
        " database and run the same command again"
    )

"""A shop with a database, PostgreSQL or SQLite, and a sandbox whose clock is the clock of everything."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from klarna_om import KlarnaClient
from klarna_om.outbox import schema_sql
from klarna_om.sandbox import Sandbox
from tests.outbox.shop import Connect, Shop
from tests.support.postgres import any_server, new_database
from tests.workflows.calls import new_client


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The DSN of a PostgreSQL."""
    with any_server() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def _database_with_tables(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(schema_sql().encode())
            connection.execute("create table shipments (number integer primary key)")
        yield dsn


@pytest.fixture
def postgres(_database_with_tables: str) -> str:
    """The DSN of a database with empty tables."""
    with psycopg.connect(_database_with_tables, autocommit=True) as connection:
        connection.execute("truncate klarna_om.intents, shipments")
    return _database_with_tables


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    """An SQLite file with empty tables."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema_sql("sqlite"))
        connection.execute("create table shipments (number integer primary key)")
    return path


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[AsyncConnectionPool]:
    """A pool of the shop's."""
    async with AsyncConnectionPool(postgres, min_size=1, max_size=8, open=False) as opened:
        yield opened


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox without a limit."""
    async with Sandbox(limit=None) as served:
        yield served


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    """A client that does not retry, so that the outbox sees each doubt."""
    async with new_client(sandbox) as client:
        yield client


@pytest.fixture(params=["postgresql", "sqlite"])
async def shop(request: pytest.FixtureRequest, sandbox: Sandbox, klarna: KlarnaClient) -> AsyncIterator[Shop]:
    """A shop on each of the two databases."""
    async with AsyncExitStack() as stack:
        if request.param == "sqlite":
            path: Path = request.getfixturevalue("sqlite_file")
            yield Shop(path, _sqlite(path), sandbox, klarna)
        else:
            dsn: str = request.getfixturevalue("postgres")
            pool = AsyncConnectionPool(dsn, min_size=1, max_size=8, open=False)
            await stack.enter_async_context(pool)
            yield Shop(pool, pool.connection, sandbox, klarna)


def _sqlite(path: Path) -> Connect:
    @asynccontextmanager
    async def connect() -> AsyncIterator[sqlite3.Connection]:
        with closing(sqlite3.connect(path)) as connection, connection:
            yield connection

    return connect

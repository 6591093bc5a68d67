"""A shop with a database, PostgreSQL or SQLite, and a sandbox whose clock is the clock of everything."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from klarna_om import KlarnaClient
from klarna_om.outbox import schema_sql
from klarna_om.sandbox import Sandbox
from tests.outbox.engines import url
from tests.outbox.shop import Connect, Shop
from tests.workflows.calls import new_client


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    """An SQLite file with empty tables."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema_sql("sqlite"))
        connection.execute("create table shipments (number integer primary key)")
    return path


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


@pytest.fixture(params=["postgresql+psycopg", "postgresql+asyncpg", "sqlite+aiosqlite"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[AsyncEngine]:
    """SQLAlchemy's engine on each driver."""
    if request.param.startswith("sqlite"):
        made = create_async_engine(f"{request.param}:///{request.getfixturevalue('sqlite_file')}")
    else:
        made = create_async_engine(url(request.getfixturevalue("postgres"), request.param))
    yield made
    await made.dispose()


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

"""A database with a queue, a sandbox of Klarna, and a client: what a worker has."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from klarna_om import KlarnaClient
from klarna_om.batch.postgres import Database
from klarna_om.engines.procrastinate import ChunkRunner
from klarna_om.sandbox import Sandbox

MakeRunner = Callable[..., AbstractAsyncContextManager[ChunkRunner]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox without a limit. Each has a port of its own, so tests share a database and no job."""
    async with Sandbox(limit=None) as served:
        yield served


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    """A client of the sandbox."""
    async with KlarnaClient(sandbox.url, username="sandbox", password="sandbox", pace="off") as client:
        yield client


@pytest.fixture
async def database(journals: str) -> AsyncIterator[Database]:
    """The database with the journals and the queue."""
    async with Database.connect(journals) as opened:
        yield opened


@pytest.fixture
def make_runner(klarna: KlarnaClient, database: Database) -> MakeRunner:
    """Makes the runner of a process."""
    return lambda **options: ChunkRunner(client=klarna, database=database, **options)

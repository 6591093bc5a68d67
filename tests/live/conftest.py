"""A database of its own for each test, since the page shows all jobs of one."""

from collections.abc import AsyncIterator, Iterator

import pytest

from klarna_om.batch.postgres import Database, PostgresJournal
from tests.live.jobs import CAPTURE, CHUNK
from tests.support.postgres import database_with_journals


@pytest.fixture
def dsn(postgres_server: str) -> Iterator[str]:
    """A database with the tables, and no job."""
    with database_with_journals(postgres_server) as made:
        yield made


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """That database."""
    async with Database.connect(dsn, patience=0.0) as opened:
        yield opened


@pytest.fixture
async def journal(dsn: str) -> AsyncIterator[PostgresJournal]:
    """A job of captures."""
    async with PostgresJournal.open(dsn, None, CAPTURE, window=CHUNK) as opened:
        yield opened

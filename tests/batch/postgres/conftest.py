"""The fixtures of the journal in PostgreSQL: one job, and two processes that have it open."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from klarna_om.batch.postgres import PostgresJournal

CHUNK = 10


@pytest.fixture
def job_id() -> UUID:
    """A new job."""
    return uuid4()


@pytest.fixture
async def journal(journals: str, job_id: UUID) -> AsyncIterator[PostgresJournal]:
    """The journal of the job, by the clock of the test."""
    async with PostgresJournal.open(journals, job_id, window=CHUNK, use_database_clock=False) as opened:
        yield opened


@pytest.fixture
async def other(journals: str, job_id: UUID) -> AsyncIterator[PostgresJournal]:
    """The same, as another process has it open."""
    async with PostgresJournal.open(journals, job_id, window=CHUNK, use_database_clock=False) as opened:
        yield opened

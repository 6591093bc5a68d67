"""What the tests of the batch share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from klarna_om.batch.sqlite_journal import SqliteJournal
from tests.batch.desk import Desk
from tests.batch.running import Time


@pytest.fixture
def desk() -> Desk:
    """Klarna at the job's seam."""
    return Desk()


@pytest.fixture
def time() -> Time:
    """The time, which passes in sleeps only."""
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "orders.csv.journal"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    """A new journal on disk."""
    async with SqliteJournal.open(path) as opened:
        yield opened

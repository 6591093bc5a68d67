"""The fixtures of the batch's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from klarna_om.batch.sqlite_journal import SqliteJournal
from tests.batch.fake_sender import FakeSender
from tests.batch.jobs import Time
from tests.batch.openers import OPENERS, Open


@pytest.fixture
def sender() -> FakeSender:
    """A fake of the calls to Klarna."""
    return FakeSender()


@pytest.fixture
def time() -> Time:
    """The time, which passes in sleeps only."""
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the journal."""
    return tmp_path / "orders.csv.journal"


@pytest.fixture(params=OPENERS)
def open_journal(request: pytest.FixtureRequest) -> Open:
    """Opens a journal, of each kind in turn."""
    return OPENERS[request.param](request)


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    """A new journal on disk."""
    async with SqliteJournal.open(path) as opened:
        yield opened

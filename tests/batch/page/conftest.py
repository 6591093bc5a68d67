"""The journals that pages are made of."""

from collections.abc import AsyncIterator

import pytest

from klarna_om.batch.sqlite_journal import SqliteJournal
from tests.batch.page.jobs import CAPTURE


@pytest.fixture
async def captures() -> AsyncIterator[SqliteJournal]:
    """An empty journal of captures."""
    async with SqliteJournal.open(None, CAPTURE) as journal:
        yield journal

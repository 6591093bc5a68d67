"""Journals whose rows have the results that a test gives them, and orders of a sandbox to compare them with."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from klarna_om.batch.journal import RowResult
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from tests.batch.jobs import START, load


async def record_all(
    path: Path,
    target: str,
    operation: str,
    rows: Iterable[dict[str, Any]],
    state: State = State.DONE,
    *,
    result_id: str | None = None,
    started: datetime = START,
) -> None:
    """Save rows as a job leaves them that got this result for each."""
    rows = list(rows)
    async with SqliteJournal.open(path, operation) as journal:
        await journal.bind(target)
        await load(journal, rows)
        for number in range(1, len(rows) + 1):
            await journal.record(RowResult(number, state, started=started, finished=started, result_id=result_id))

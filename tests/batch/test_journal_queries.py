"""The queries of the page about jobs run against a journal, and answer."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from klarna_om.batch.journal import RowResult
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_id
from tests.batch.jobs import START

PAGE = (Path(__file__).parents[2] / "docs" / "batch.md").read_text("utf-8")
QUERIES = re.findall(r"-- (.+?)\n(.+?);", re.findall(r"```sql\n(.+?)```", PAGE, re.DOTALL)[0], re.DOTALL)


def test_there_are_five() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize(("question", "query"), QUERIES)
async def test_a_query_of_the_page_has_an_answer(question: str, query: str, path: Path) -> None:
    rows = [
        {"order_id": order_id(n), "captured_amount": 1, "reference": "r", "shop_order": f"A-{1000 + n}"}
        for n in range(1, 4)
    ]
    async with SqliteJournal.open(path, "captures.create") as journal:
        await journal.load(read_rows(rows, RowParser("captures.create")))
        for row, state in enumerate((State.DONE, State.REFUSED, State.ESCALATED), 1):
            await journal.record(RowResult(row, state, error_code="SOME_CODE", finished=START))

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(query).fetchall(), question

"""Each kind of journal. Another one joins every test of what any journal does by an opener in `OPENERS`."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from klarna_om.batch.journal import WINDOW, Journal
from klarna_om.batch.sqlite_journal import SqliteJournal

Open = Callable[..., AbstractAsyncContextManager[Journal]]
"""Opens a new job's journal; takes the operation."""


def open_file(path: Path, operation: str = "orders.acknowledge") -> AbstractAsyncContextManager[Journal]:
    return SqliteJournal.open(path / "a.journal", operation)


def open_memory(operation: str = "orders.acknowledge") -> AbstractAsyncContextManager[Journal]:
    return SqliteJournal.open(None, operation)


def open_postgres(dsn: str, operation: str = "orders.acknowledge") -> AbstractAsyncContextManager[Journal]:
    from klarna_om.batch.postgres import PostgresJournal

    return PostgresJournal.open(dsn, operation=operation, window=WINDOW, use_database_clock=False)


OPENERS: Mapping[str, Callable[[pytest.FixtureRequest], Open]] = {
    "file": lambda request: partial(open_file, request.getfixturevalue("tmp_path")),
    "memory": lambda _: open_memory,
    "postgres": lambda request: partial(open_postgres, request.getfixturevalue("journals")),
}

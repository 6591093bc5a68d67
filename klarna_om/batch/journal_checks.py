"""Is this file a complete journal of klarna_om? Checked before anything is sent: a wrong journal costs money."""

import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from klarna_om.batch import schema
from klarna_om.batch.journal import JournalError
from klarna_om.batch.states import State
from klarna_om.settings.base_url import host_and_port

T = TypeVar("T")

_MAGIC = b"SQLite format 3\0"

_COLUMNS = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"


class _Damage(Exception):
    """What is wrong inside a journal of klarna_om."""


def check_start(path: Path) -> None:
    """Check the first bytes of a journal that exists; raises `JournalError`."""
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if not start:
        raise JournalError(
            f"the journal {path} is empty, after a crash or a failed copy. Put the right file there if a job was begun;"
            " delete it to start a new job"
        )
    if start != _MAGIC:
        raise _not_a_journal(path)


def check_content(connection: sqlite3.Connection, path: Path) -> None:
    """Check a whole journal once; raises `JournalError` for another program's, another version's or a damaged one."""
    try:
        check_version(connection, path)
        _check_structure(connection)
        _check_values(connection)
    except (sqlite3.DatabaseError, _Damage) as reason:
        if isinstance(reason, sqlite3.OperationalError):
            raise
        raise JournalError(
            f"the journal {path} is damaged ({reason}), so nothing is sent. Put an undamaged copy in its place; a new"
            " journal is a new job, which sends every order of the manifest again"
        ) from reason


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `JournalError` for another program's or another version's journal."""
    if _query_value(connection, "PRAGMA application_id") != schema.APPLICATION_ID:
        raise _not_a_journal(path)
    if (version := _query_value(connection, "PRAGMA user_version")) != schema.VERSION:
        raise JournalError(
            f"{path} is a journal of version {version}; this klarna_om reads version {schema.VERSION}: go on with the"
            " klarna_om that began the job"
        )


class FileWatch:
    """Is the file that was opened still there? Checked after each commit, for as long as the job runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._opened = _stat(path)
        self._has_log = False

    def check(self) -> None:
        """Raise `JournalError` when the journal's path no longer leads to the file that was committed to."""
        now = _stat(self._path)
        if not os.path.samestat(now, self._opened):
            raise _removed_error(self._path, "another file is in its place")
        if now.st_size < self._opened.st_size:
            raise _removed_error(self._path, "it was truncated")
        if self._has_log:
            _stat(self._log)
        self._has_log = self._log.exists()


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as reason:
        raise _removed_error(path, reason.strerror) from reason


def _check_structure(connection: sqlite3.Connection) -> None:
    missing = _expected_columns() - set(connection.execute(_COLUMNS).fetchall())
    if missing:
        table, column = min(missing)
        raise _Damage(f"the column {table}.{column} is missing")
    found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _Damage(found)


def _expected_columns() -> set[tuple[str, str]]:
    expected = sqlite3.connect(":memory:")
    try:
        expected.executescript(schema.SCHEMA)
        return set(expected.execute(_COLUMNS).fetchall())
    finally:
        expected.close()


def _check_values(connection: sqlite3.Connection) -> None:
    targets = connection.execute("SELECT target FROM job").fetchall()
    if len(targets) != 1:
        raise _Damage(f"it should belong to one job, and belongs to {len(targets)}")
    _parse(host_and_port, targets[0][0])
    for (first_used,) in connection.execute("SELECT first_used_at FROM windows"):
        if _parse(datetime.fromisoformat, first_used).tzinfo is None:
            raise _Damage(f"the time {first_used!r} has no zone")
    known = ", ".join(f"'{state.value}'" for state in State)
    wrong = connection.execute(f"SELECT row, state FROM rows WHERE state NOT IN ({known}) LIMIT 1").fetchone()  # noqa: S608
    if wrong is not None:
        raise _Damage(f"row {wrong[0]} has the state {wrong[1]!r}, which does not exist")


def _parse(read: Callable[[str], T], value: str) -> T:
    try:
        return read(value)
    except (TypeError, ValueError) as reason:
        raise _Damage(f"{value!r} cannot be read") from reason


def _query_value(connection: sqlite3.Connection, query: str) -> object:
    return connection.execute(query).fetchone()[0]


def _not_a_journal(path: Path) -> JournalError:
    return JournalError(f"{path} is not a journal of klarna_om; name another file for the journal")


def _removed_error(path: Path, what: str | None) -> JournalError:
    return JournalError(
        f"the journal {path} was removed while the job was running ({what}), so nothing more is sent. Put it back if"
        " you can: only it has the results so far, and without it the same command begins a new job"
    )

"""The file of a SQLite journal: opened, made and copied."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from klarna_om.batch import schema
from klarna_om.batch.identity import Identity
from klarna_om.batch.journal import JournalError
from klarna_om.batch.journal_checks import check_content, check_start, place_of
from klarna_om.batch.output_file import not_regular, sync_directory
from klarna_om.batch.writer import transaction

TEMPORARY = ""
"""SQLite's name for a database that it keeps in memory, spills to disk when it grows, and removes at the end."""

CACHE_KIB = 32_768
"""What SQLite may keep of the file in memory: most of the index of a million order ids, so that loading is fast."""


def place_for_journal(path: str | Path) -> Path:
    """The file that a path leads to: two names of one file are one journal. Raises `JournalError` for a device etc."""
    place = Path(os.path.realpath(path))
    if (problem := not_regular(place)) is not None:
        raise JournalError(f"no journal can be there: {problem}")
    return place


def connected(path: Path, operation: str) -> sqlite3.Connection:
    """Open a journal's file, or a new one, so that what is committed survives a power cut."""
    if not path.exists():
        _make(path, operation)
    check_start(path)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        check_content(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except BaseException:
        connection.close()
        raise
    return connection


def temporary(operation: str) -> sqlite3.Connection:
    """A journal that ends with the process."""
    connection = sqlite3.connect(TEMPORARY, isolation_level=None)
    _begin(connection, operation)
    return connection


def copied(path: Path | None, operation: str) -> sqlite3.Connection:
    """A temporary copy of a journal's file; an empty one where there is none."""
    if path is None or not path.exists():
        return temporary(operation)
    check_start(path)
    copy = sqlite3.connect(TEMPORARY, isolation_level=None)
    try:
        # Read-only: a rehearsal changes nothing, not even the file's kind of log.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as original:
            check_content(original, path)
            original.backup(copy)
    except BaseException:
        copy.close()
        raise
    return copy


def _make(path: Path, operation: str) -> None:
    """Make a journal under another name first: one that exists is whole, whenever the process may be killed."""
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise JournalError(
            f"the journal {path} is gone, and {log}, which is a part of it, is still there: put the journal back, or"
            " delete that file too to start a new job"
        )
    draft = path.with_name(f".klarna-om.{uuid4().hex}.tmp")
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            _begin(connection, operation)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path)


def _begin(connection: sqlite3.Connection, operation: str) -> None:
    with transaction(connection):
        execute_script(connection, schema.SCHEMA)
        values = (str(uuid4()), operation, "", iso(datetime.now(UTC)))
        connection.execute("INSERT INTO job VALUES (?, ?, ?, ?)", values)


def identity_of(connection: sqlite3.Connection, operation: str) -> Identity:
    """The job's identity."""
    job_id, made_for = connection.execute("SELECT id, operation FROM job").fetchone()
    if made_for != operation:
        raise JournalError(f"this journal belongs to a job of {made_for}, not of {operation}; name another file")
    return Identity(job_id, operation)


def bind(connection: sqlite3.Connection, target: str) -> None:
    """Remember the host while nothing was sent; then insist on it."""
    known: str = connection.execute("SELECT target FROM job").fetchone()[0]
    if place_of(known) != place_of(target) and number(
        connection, "SELECT EXISTS (SELECT 1 FROM rows WHERE state <> 'pending') OR EXISTS (SELECT 1 FROM windows)"
    ):
        raise JournalError(
            f"this journal tells what happened at {known}, and now the calls would go to {target}; set the environment"
            " as it was, or name another file for the journal"
        )
    connection.execute("UPDATE job SET target = ?", (target,))


def execute_script(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements one by one; `executescript` would first commit what is open."""
    for statement in script.split(";"):
        connection.execute(statement)


def number(connection: sqlite3.Connection, query: str) -> int:
    """The one number that a query gives."""
    value: int = connection.execute(query).fetchone()[0]
    return value


def iso(moment: datetime | None) -> str | None:
    """A moment as the journal keeps it: UTC, to the millisecond."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")

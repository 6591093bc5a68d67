"""The file of a SQLite journal: opened, made, checked and copied."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from klarna_om.batch import schema
from klarna_om.batch.identity import Identity
from klarna_om.batch.journal import JournalError
from klarna_om.batch.writer import transaction

TEMPORARY = ""
"""SQLite's name for a database that it keeps in memory, spills to disk when it grows, and removes at the end."""

CACHE_KIB = 32_768
"""What SQLite may keep of the file in memory: most of the index of a million order ids, so that loading is fast."""


def connected(path: str | Path) -> sqlite3.Connection:
    """Open a journal's file, or a new one, so that what is committed survives a power cut."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        if connection.execute("PRAGMA schema_version").fetchone()[0]:
            _check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except BaseException as reason:
        connection.close()
        if isinstance(reason, sqlite3.DatabaseError) and not isinstance(reason, sqlite3.OperationalError):
            raise _foreign(path) from reason
        raise
    return connection


def copied(path: str | Path | None) -> sqlite3.Connection:
    """A temporary copy of a journal's file; an empty one where there is none."""
    copy = sqlite3.connect(TEMPORARY, isolation_level=None)
    if path is not None and Path(path).exists():
        # Read-only: a rehearsal changes nothing, not even the file's kind of log.
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as original:
            if number(original, "SELECT COUNT(*) FROM sqlite_master"):
                _check(original, path)
            original.backup(copy)
    return copy


def _check(connection: sqlite3.Connection, path: str | Path) -> None:
    if number(connection, "PRAGMA application_id") != schema.APPLICATION_ID:
        raise _foreign(path)
    if (version := number(connection, "PRAGMA user_version")) != schema.VERSION:
        raise JournalError(f"{path} is a journal of version {version}; this klarna_om reads version {schema.VERSION}")


def _foreign(path: str | Path) -> JournalError:
    return JournalError(f"{path} is not a journal of klarna_om; name another file for the journal")


def identity_of(connection: sqlite3.Connection, operation: str) -> Identity:
    """The job's identity; a new one is on disk before anybody can see it."""
    if not number(connection, "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'job')"):
        with transaction(connection):
            execute_script(connection, schema.SCHEMA)
            values = (str(uuid4()), operation, "", iso(datetime.now(UTC)))
            connection.execute("INSERT INTO job VALUES (?, ?, ?, ?)", values)
    job_id, made_for = connection.execute("SELECT id, operation FROM job").fetchone()
    if made_for != operation:
        raise JournalError(f"this journal belongs to a job of {made_for}, not of {operation}; name another file")
    return Identity(job_id, operation)


def bind(connection: sqlite3.Connection, target: str) -> None:
    """Remember the host while nothing was sent; then insist on it."""
    known: str = connection.execute("SELECT target FROM job").fetchone()[0]
    if _place(known) != _place(target) and number(
        connection, "SELECT EXISTS (SELECT 1 FROM rows WHERE state <> 'pending') OR EXISTS (SELECT 1 FROM windows)"
    ):
        raise JournalError(
            f"this journal tells what happened at {known}, and now the calls would go to {target}; set the environment"
            " as it was, or name another file for the journal"
        )
    connection.execute("UPDATE job SET target = ?", (target,))


def _place(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


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

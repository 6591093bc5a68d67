"""The file of a SQLite journal: open, create and copy it."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from klarna_om.batch import schema
from klarna_om.batch.iso_time import to_iso
from klarna_om.batch.journal import WINDOW, Identity, JournalError, JournalMismatchError
from klarna_om.batch.journal_checks import check_content, check_start, check_version
from klarna_om.batch.output_file import find_problem, sync_directory
from klarna_om.batch.writer import transaction
from klarna_om.settings.base_url import host_and_port

TEMPORARY = ""
"""SQLite's name for a database that it keeps in memory, spills to disk when it grows, and removes at the end."""

CACHE_KIB = 32_768
"""SQLite's page cache: most of the index of a million order ids, so that loading is fast."""


def resolve_path(path: str | Path) -> Path:
    """Resolve links: two names of one file are one journal. Raises `JournalError` for a device, pipe or directory."""
    file = Path(os.path.realpath(path))
    if (problem := find_problem(file)) is not None:
        raise JournalError(f"the journal cannot be written: {problem}")
    return file


def connect(path: Path, operation: str, window: int = WINDOW) -> sqlite3.Connection:
    """Open or create a journal's file, so that what is committed survives a power cut."""
    if not path.exists():
        _create(path, operation, window)
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


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a journal's file without changing it."""
    check_start(path)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30, isolation_level=None)
    try:
        check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def create_temporary(operation: str, window: int = WINDOW) -> sqlite3.Connection:
    """Create a journal that ends with the process."""
    connection = sqlite3.connect(TEMPORARY, isolation_level=None)
    _initialize(connection, operation, window)
    return connection


def copy_to_temp(path: Path | None, operation: str | None) -> sqlite3.Connection:
    """Make a temporary copy of a journal's file; an empty one where there is none."""
    if path is None or not path.exists():
        return create_temporary(operation or "")
    check_start(path)
    copy = sqlite3.connect(TEMPORARY, isolation_level=None)
    try:
        # Read-only: a dry run changes nothing, not even the file's journal mode.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as original:
            check_content(original, path)
            original.backup(copy)
    except BaseException:
        copy.close()
        raise
    return copy


def _create(path: Path, operation: str, window: int) -> None:
    """Create a journal under another name first: one that exists is complete, whenever the process is killed."""
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise JournalError(
            f"the journal {path} is missing, and {log}, which is a part of it, is still there: put the journal back, or"
            " delete that file too to start a new job"
        )
    draft = path.with_name(f".klarna-om.{uuid4().hex}.tmp")
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            _initialize(connection, operation, window)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path)


def _initialize(connection: sqlite3.Connection, operation: str, window: int) -> None:
    with transaction(connection):
        execute_script(connection, schema.SCHEMA)
        values = (str(uuid4()), operation, "", window, to_iso(datetime.now(UTC)))
        connection.execute("INSERT INTO job VALUES (?, ?, ?, ?, ?)", values)


def read_identity(connection: sqlite3.Connection, operation: str | None) -> Identity:
    """Read the job's identity; raises `JournalMismatchError` for a job of another operation than this one."""
    job_id, recorded, window = connection.execute("SELECT id, operation, window FROM job").fetchone()
    if operation not in (None, recorded):
        raise JournalMismatchError(
            f"this journal belongs to a job of {recorded}, not of {operation}; name another file"
        )
    return Identity(job_id, recorded, window)


def bind(connection: sqlite3.Connection, target: str) -> None:
    """Save the host while nothing was sent; afterwards refuse another one. A journal that has it is not written."""
    known: str = connection.execute("SELECT target FROM job").fetchone()[0]
    if host_and_port(known) == host_and_port(target):
        return
    if what := _sent_so_far(connection):
        raise JournalMismatchError(
            f"this journal {what} {known}, and now the calls would go to {target}; set the environment as it was, or"
            " name another file for the journal"
        )
    connection.execute("UPDATE job SET target = ?", (target,))


def _sent_so_far(connection: sqlite3.Connection) -> str | None:
    """What ties a journal to its host; None where nothing was sent."""
    if query_number(connection, "SELECT EXISTS (SELECT 1 FROM rows WHERE state <> 'pending')"):
        return "has the results of calls to"
    # A stamp is on disk before its window's first call; a run removes it again when it knows that it sent nothing.
    if query_number(connection, "SELECT EXISTS (SELECT 1 FROM windows)"):
        return "has no result yet, but its orders may have been sent to"
    return None


def execute_script(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements one by one; `executescript` would first commit the open transaction."""
    for statement in script.split(";"):
        connection.execute(statement)


def query_number(connection: sqlite3.Connection, query: str) -> int:
    """The one number that a query returns."""
    value: int = connection.execute(query).fetchone()[0]
    return value

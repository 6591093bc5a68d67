"""The journal in one SQLite file: durable at each step, readable while it is written."""

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from klarna_om.batch import schema
from klarna_om.batch.entry import Entry
from klarna_om.batch.iso_time import to_iso
from klarna_om.batch.job_facts import JobFacts, Limit
from klarna_om.batch.journal import WINDOW, Hook, Identity, JournalError, Line, Row, RowResult, Stamp
from klarna_om.batch.journal_checks import FileWatch
from klarna_om.batch.lock import lock
from klarna_om.batch.manifest_loader import load_manifest
from klarna_om.batch.sqlite_facts import read_facts
from klarna_om.batch.sqlite_file import (
    bind,
    connect,
    connect_to_read,
    copy_to_temp,
    create_temporary,
    query_number,
    read_identity,
    resolve_path,
)
from klarna_om.batch.sqlite_lines import counts, line_of
from klarna_om.batch.sqlite_retries import postpone, retry
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from klarna_om.batch.writer import Writer, transaction
from klarna_om.workflows.after_window import TIERS


def _existing(path: str | Path) -> Path:
    file = resolve_path(path)
    if not file.exists():
        raise JournalError(f"there is no journal {path}")
    return file


class SqliteJournal:
    """A `Journal`; open it with `SqliteJournal.open(path)`."""

    def __init__(self, writer: Writer, identity: Identity) -> None:
        self._writer = writer
        self._identity = identity

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: str | Path | None, operation: str = "orders.acknowledge", *, window: int = WINDOW
    ) -> AsyncGenerator["SqliteJournal", None]:
        """Open a job's journal, or create one with a new job; None creates one that ends with the process.

        `window`: how many rows of a new job share one stamp; where chunks of rows are delivered, the size of a chunk.
        Raises `JournalInUseError` while another process has it, `JournalMismatchError` for another operation's journal,
        `JournalError` for a file that is not a journal.
        """
        if path is None:
            async with cls._start_writer(lambda: create_temporary(operation, window), operation) as journal:
                yield journal
            return
        file = resolve_path(path)
        with lock(file):
            async with cls._start_writer(lambda: connect(file, operation, window), operation, file) as journal:
                yield journal

    @classmethod
    @asynccontextmanager
    async def open_to_read(cls, path: str | Path) -> AsyncGenerator["SqliteJournal", None]:
        """Open a job's journal to look at it, also while the job runs; nothing can be written."""
        file = _existing(path)
        async with cls._start_writer(lambda: connect_to_read(file), None) as journal:
            yield journal

    @classmethod
    @asynccontextmanager
    async def open_copy(
        cls, path: str | Path | None, operation: str | None = "orders.acknowledge"
    ) -> AsyncGenerator["SqliteJournal", None]:
        """Open a temporary copy of a journal, or an empty one, for a dry run; the original is not changed."""
        file = None if path is None else resolve_path(path)
        async with cls._start_writer(lambda: copy_to_temp(file, operation), operation) as journal:
            yield journal

    @classmethod
    @asynccontextmanager
    async def _start_writer(
        cls, connect: Callable[[], sqlite3.Connection], operation: str | None, file: Path | None = None
    ) -> AsyncGenerator["SqliteJournal", None]:
        writer = Writer(connect, schema.RECORD_RESULT)
        await writer.open()
        try:
            if file is not None:
                writer.verify = (await writer.run(lambda _: FileWatch(file))).check
            yield cls(writer, await writer.run(lambda connection: read_identity(connection, operation)))
        finally:
            await writer.close()

    @property
    def identity(self) -> Identity:
        """Which job this is."""
        return self._identity

    async def bind(self, target: str) -> None:
        """Set where the calls go. Raises `JournalMismatchError` when anything may have been sent to another host."""
        await self._writer.run(lambda connection: bind(connection, target))

    async def check_host(self, target: str) -> None:
        """Raise `JournalMismatchError` where the calls of a job that has results went to another host."""
        await self.bind(target)

    async def load(self, chunks: AsyncIterable[Sequence[Entry]], *, then: Hook | None = None) -> None:
        """Replace the manifest, in one transaction. Orders that are known keep their row and its state.

        `then` is called with the `sqlite3.Connection`, in the journal's thread and in the same transaction.
        """
        await load_manifest(self._writer, chunks, then)

    async def last_row(self) -> int:
        """The highest row there is."""
        return await self._writer.run(
            lambda connection: query_number(connection, "SELECT coalesce(max(row), 0) FROM rows")
        )

    async def unsettled_rows(self, state: State, low: int, high: int, limit: int) -> list[Row]:
        """The first rows from `low` to `high` in this state that the current manifest names."""
        values = (state.value, low, high, limit)
        found = await self._writer.run(lambda connection: connection.execute(schema.UNSETTLED_ROWS, values).fetchall())
        return [Row(row, order_id, state, *more) for row, order_id, *more in found]

    async def lease(self, windows: Collection[int], now: datetime, worker: UUID, seconds: float) -> Collection[int]:
        """All of them: the lock on the file is the lease."""
        return windows

    def holds(self, window: int) -> bool:
        """The lock on the file holds until it is closed."""
        return True

    async def release(self, windows: Collection[int]) -> None:
        """The lock on the file is the lease."""

    async def claim(self, window: int, now: datetime, worker: UUID, lease: float) -> Stamp | None:
        """The latest stamp of a window, or the first one, which this makes. The lock on the file is the lease."""
        return await self._writer.run(partial(_add_stamp, Stamp(window, 0, now)))

    async def renew_stamp(self, stamp: Stamp, now: datetime) -> Stamp:
        """Make the stamp of the next epoch, unless there is one: then return that."""
        return await self._writer.run(partial(_add_stamp, stamp.renew(now)))

    async def remove_stamps(self, stamps: Sequence[Stamp]) -> None:
        """Remove stamps under which nothing was sent."""
        values = [(stamp.window, stamp.epoch) for stamp in stamps]
        await self._writer.run(lambda connection: _delete_stamps(connection, values))

    async def record(self, result: RowResult) -> None:
        """Record the result of a call, in one commit with others. A row that is done or refused stays so."""
        await self._writer.write(
            (
                result.state.value,
                result.status,
                result.error_code,
                result.correlation_id,
                result.idempotency_key,
                result.attempts,
                to_iso(result.started),
                to_iso(result.finished),
                result.result_id,
                result.detail or None,
                result.row,
            )
        )

    async def record_limit(self, limit: Limit) -> None:
        """Record what the rate limit allows from now on."""
        values = (to_iso(limit.at), limit.ceiling, limit.rate)
        await self._writer.run(lambda connection: connection.execute(schema.INSERT_LIMIT, values))

    async def retry(self, *, refused: bool, unknown: bool, code: str | None = None) -> int:
        """Take up rows again, those with this error code only; returns how many."""
        scripts = [schema.RETRY_REFUSED] * refused + [schema.RETRY_UNKNOWN] * unknown
        return await self._writer.run(lambda connection: retry(connection, scripts, code))

    async def postpone(self, rows: Sequence[int], now: datetime) -> int:
        """Move unknown rows on in Klarna's schedule, unless they were called early; returns how many are escalated."""
        moments = [to_iso(now + timedelta(seconds=seconds)) for seconds in TIERS[1:]]
        values = [(*moments, row, to_iso(now)) for row in rows]
        return await self._writer.run(lambda connection: postpone(connection, values))

    async def next_due(self, low: int, high: int, now: datetime) -> datetime | None:
        """When the next of the unknown rows from `low` to `high` that are postponed is due."""
        values = (to_iso(now), low, high)
        (found,) = await self._writer.run(lambda connection: connection.execute(schema.NEXT_DUE, values).fetchone())
        return None if found is None else datetime.fromisoformat(found)

    async def column_names(self) -> list[str]:
        """The names of the manifest's other columns, in its order."""
        query = "SELECT name FROM columns ORDER BY position"
        return [name for (name,) in await self._writer.run(lambda connection: connection.execute(query).fetchall())]

    async def counts(self) -> Totals:
        """The current manifest in numbers."""
        return await self._writer.run(counts)

    async def facts(self, groups: int, lines: int) -> JobFacts:
        """The job in numbers, with at most so many groups of what needs somebody, and first lines of each."""
        return await self._writer.run(lambda connection: read_facts(connection, groups, lines))

    async def last_result_at(self) -> datetime | None:
        """When the latest result of the current manifest was recorded."""
        query = "SELECT max(finished_at) FROM rows WHERE line IS NOT NULL"
        (found,) = await self._writer.run(lambda connection: connection.execute(query).fetchone())
        return None if found is None else datetime.fromisoformat(found)

    async def find_lines(self, text: str) -> list[Line]:
        """The lines of the current manifest with this order id, reference, or value of a column of the shop's."""
        values = {"text": text.strip()}
        found = await self._writer.run(lambda connection: connection.execute(schema.FIND_LINES, values).fetchall())
        return [line_of(values) for values in found]

    async def select_lines(self, outcomes: Sequence[str], limit: int, code: str | None = None) -> list[Line]:
        """The first lines of the current manifest with one of these outcomes, and this error code."""
        marks = ", ".join("?" * len(outcomes))
        values = (*outcomes, code, code, limit)
        query = schema.SELECT_LINES.format(outcomes=marks)
        found = await self._writer.run(lambda connection: connection.execute(query, values).fetchall())
        return [line_of(values) for values in found]

    async def report_lines(self, after: int, limit: int) -> list[Line]:
        """The lines of the current manifest that follow line `after`, each once."""
        found = await self._writer.run(
            lambda connection: connection.execute(schema.REPORT_LINES, (after, limit)).fetchall()
        )
        return [line_of(values) for values in found]


def _add_stamp(stamp: Stamp, connection: sqlite3.Connection) -> Stamp:
    """Save a stamp unless its window has one of this epoch or a later one: then return the latest."""
    with transaction(connection):
        found = connection.execute(schema.LATEST_STAMP, (stamp.window,)).fetchone()
        if found is not None and found[0] >= stamp.epoch:
            return Stamp(stamp.window, found[0], datetime.fromisoformat(found[1]), is_inherited=True)
        connection.execute(schema.INSERT_STAMP, (stamp.window, stamp.epoch, to_iso(stamp.first_used)))
    return stamp


def _delete_stamps(connection: sqlite3.Connection, values: list[tuple[int, int]]) -> None:
    with transaction(connection):
        connection.executemany("DELETE FROM windows WHERE window = ? AND epoch = ?", values)

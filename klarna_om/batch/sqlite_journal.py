"""The journal in one SQLite file, durable at each step, readable by anybody while it is written."""

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from klarna_om.batch import schema
from klarna_om.batch.entry import Entry
from klarna_om.batch.identity import WINDOW, Identity
from klarna_om.batch.journal import Finish, Line, Row, Stamp
from klarna_om.batch.journal_checks import FileWatch
from klarna_om.batch.lock import locked
from klarna_om.batch.sqlite_file import (
    bind,
    connected,
    copied,
    execute_script,
    identity_of,
    iso,
    number,
    place_for_journal,
    temporary,
)
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from klarna_om.batch.writer import Writer, transaction


class SqliteJournal:
    """A `Journal`; open it with `SqliteJournal.open(path)`."""

    def __init__(self, writer: Writer, identity: Identity) -> None:
        self._writer = writer
        self._identity = identity

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: str | Path | None, operation: str = "orders.acknowledge"
    ) -> AsyncGenerator["SqliteJournal", None]:
        """Open a job's journal, or make it with a new job; None makes one that ends with the process.

        Raises `JournalInUseError` while another process has it, `JournalError` for a file that is no such journal.
        """
        if path is None:
            async with cls._opened(lambda: temporary(operation), operation) as journal:
                yield journal
            return
        file = place_for_journal(path)
        with locked(file):
            async with cls._opened(lambda: connected(file, operation), operation, file) as journal:
                yield journal

    @classmethod
    @asynccontextmanager
    async def rehearsal(
        cls, path: str | Path | None, operation: str = "orders.acknowledge"
    ) -> AsyncGenerator["SqliteJournal", None]:
        """A copy of a journal, or an empty one, to try things on; it is thrown away and the original left alone."""
        file = None if path is None else place_for_journal(path)
        async with cls._opened(lambda: copied(file, operation), operation) as journal:
            yield journal

    @classmethod
    @asynccontextmanager
    async def _opened(
        cls, connect: Callable[[], sqlite3.Connection], operation: str, file: Path | None = None
    ) -> AsyncGenerator["SqliteJournal", None]:
        writer = Writer(connect, schema.FINISH)
        await writer.open()
        try:
            if file is not None:
                writer.verify = (await writer.run(lambda _: FileWatch(file))).check
            yield cls(writer, await writer.run(lambda connection: identity_of(connection, operation)))
        finally:
            await writer.close()

    @property
    def identity(self) -> Identity:
        """Which job this is."""
        return self._identity

    async def bind(self, target: str) -> None:
        """Say where the calls go. Raises `JournalError` when rows were settled somewhere else."""
        await self._writer.run(lambda connection: bind(connection, target))

    async def load(self, chunks: AsyncIterable[Sequence[Entry]]) -> None:
        """Take the manifest at hand, in one transaction. Orders that are known keep their row and its state."""
        try:
            await self._writer.run(lambda connection: execute_script(connection, "BEGIN IMMEDIATE; DELETE FROM lines"))
            async for chunk in chunks:
                await self._writer.run(partial(_insert, chunk))
            taking = schema.TAKE_LINES.format(window=WINDOW) + "COMMIT"
            await self._writer.run(lambda connection: execute_script(connection, taking))
        except BaseException:
            await self._writer.run(_roll_back)
            raise

    async def last_row(self) -> int:
        """The highest row there is."""
        return await self._writer.run(lambda connection: number(connection, "SELECT coalesce(max(row), 0) FROM rows"))

    async def open_rows(self, state: State, low: int, high: int, limit: int) -> list[Row]:
        """The first rows from `low` to `high` in this state that the manifest at hand names."""
        wanted = (state.value, low, high, limit)
        found = await self._writer.run(lambda connection: connection.execute(schema.OPEN_ROWS, wanted).fetchall())
        return [Row(row, order_id, state) for row, order_id in found]

    async def keys_of(self, order_id: str) -> list[str] | None:
        """Every key that was or may be used for an order; None for an order that the job does not know."""
        found = await self._writer.run(lambda connection: connection.execute(schema.EPOCHS, (order_id,)).fetchone())
        if found is None:
            return None
        row, known_as, last_epoch = found
        return [self._identity.key(known_as, row, epoch) for epoch in range(last_epoch + 1)]

    async def stamp(self, window: int) -> Stamp | None:
        """The latest stamp of a window."""
        query = "SELECT epoch, first_used_at FROM windows WHERE window = ? ORDER BY epoch DESC LIMIT 1"
        found = await self._writer.run(lambda connection: connection.execute(query, (window,)).fetchone())
        return None if found is None else Stamp(window, found[0], datetime.fromisoformat(found[1]), is_inherited=True)

    async def start(self, stamp: Stamp) -> None:
        """Keep a stamp. Nothing of its window and epoch may be sent before this returns."""
        values = (stamp.window, stamp.epoch, iso(stamp.first_used))
        await self._writer.run(lambda connection: _start(connection, values))

    async def finish(self, finish: Finish) -> None:
        """Record what a call brought, together with what else arrives now. A row that is done or refused stays so."""
        await self._writer.write(
            (
                finish.state.value,
                finish.status,
                finish.error_code,
                finish.correlation_id,
                finish.idempotency_key,
                finish.attempts,
                iso(finish.started),
                iso(finish.finished),
                finish.detail or None,
                finish.row,
            )
        )

    async def counts(self) -> Totals:
        """The manifest at hand in numbers."""
        return await self._writer.run(_counts)

    async def report(self, after: int, limit: int) -> list[Line]:
        """The lines of the manifest at hand that follow line `after`, each once."""
        found = await self._writer.run(lambda connection: connection.execute(schema.REPORT, (after, limit)).fetchall())
        return [_line(values) for values in found]


def _insert(chunk: Sequence[Entry], connection: sqlite3.Connection) -> None:
    connection.executemany(
        schema.LINE,
        (
            (
                entry.line,
                entry.order_id,
                entry.problem and entry.problem.value,
                entry.text or None,
                entry.detail or None,
            )
            for entry in chunk
        ),
    )


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _start(connection: sqlite3.Connection, values: tuple[int, int, str | None]) -> None:
    with transaction(connection):
        connection.execute("INSERT INTO windows (window, epoch, first_used_at) VALUES (?, ?, ?)", values)


def _counts(connection: sqlite3.Connection) -> Totals:
    states = dict(connection.execute("SELECT state, count(*) FROM rows WHERE line IS NOT NULL GROUP BY state"))
    problems = dict(
        connection.execute("SELECT problem, count(*) FROM lines WHERE problem IS NOT NULL GROUP BY problem")
    )
    named = number(connection, "SELECT count(*) FROM lines WHERE order_id IS NOT NULL")
    return Totals(**states, **problems, duplicate=named - sum(states.values()))


def _line(values: tuple[Any, ...]) -> Line:
    """A report line of what `REPORT` selects; a duplicate points to the line that has the facts."""
    *facts, first = values
    line = Line(*facts)
    if line.outcome == "duplicate":
        return Line(line.line, line.order_id, line.outcome, detail=f"the same order as line {first}")
    return line

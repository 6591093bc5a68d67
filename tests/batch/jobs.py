"""Jobs whose time passes only in sleeps."""

import asyncio
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from attrs import define, field

from klarna_om.batch import schema
from klarna_om.batch.calls import Sender
from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import Journal, Line, Row, Stamp
from klarna_om.batch.progress_tracker import ProgressTracker
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.runner import run_all_rows
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Summary
from tests.batch.fake_sender import order_id

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@define(eq=False)
class Time:
    """A clock that every sleep moves, and that can be moved by hand."""

    seconds: float = 0.0
    slept: list[float] = field(factory=list[float])

    async def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once."""
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.seconds

    def now(self) -> datetime:
        """The time of day."""
        return START + timedelta(seconds=self.seconds)


async def load(journal: Journal, order_ids: Iterable[object]) -> None:
    """Load a manifest into a journal."""
    await journal.load(read_rows(order_ids, RowParser(journal.identity.operation)))


def make_job(journal: Journal, sender: Sender, time: Time | None = None, **options: Any) -> Execution:
    """A job over what the journal has loaded."""
    time = time or Time()
    settings: dict[str, Any] = {
        "in_flight": 4,
        "on_expired": "resend",
        "target": "https://klarna.example",
        "stop": Stop(time.sleep),
        "clock": time.monotonic,
        "now": time.now,
        "shuffle": lambda rows: None,
        "tracker": ProgressTracker(clock=time.monotonic),
        **options,
    }
    return Execution(journal=journal, sender=sender, **settings)


async def run(journal: Journal, sender: Sender, time: Time | None = None, **options: Any) -> Summary:
    """Run a job over what the journal has loaded."""
    return await run_all_rows(make_job(journal, sender, time, **options))


WORKER = uuid4()


def key_of(journal: Journal, number: int, epoch: int) -> str:
    """The key of the n-th order, in the row of that number."""
    return journal.identity.key(Row(number, order_id(number), State.PENDING), epoch)


async def save_stamp(journal: Journal, stamp: Stamp) -> None:
    """Stamp a window, as the calls of an earlier run did."""
    known = await journal.claim(stamp.window, stamp.first_used, WORKER, 20.0)
    while known is not None and known.epoch < stamp.epoch:
        known = await journal.renew_stamp(known, stamp.first_used)


async def latest_stamp(journal: SqliteJournal, window: int) -> tuple[int, str] | None:
    """Epoch and first use of a window's latest stamp."""

    def read(connection: sqlite3.Connection) -> tuple[int, str] | None:
        found: tuple[int, str] | None = connection.execute(schema.LATEST_STAMP, (window,)).fetchone()
        return found

    return await journal._writer.run(read)


async def lines(journal: Journal) -> list[Line]:
    """The whole report."""
    return await journal.report_lines(0, 1_000_000)

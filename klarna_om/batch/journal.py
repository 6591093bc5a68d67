"""The journal: what is known of a job, on disk. Whatever runs the job reads it from here."""

from collections.abc import AsyncIterable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

from attrs import evolve, field, frozen

from klarna_om.batch.entry import NO_COLUMNS, Entry
from klarna_om.batch.job_facts import JobFacts, Limit
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from klarna_om.keys import derive_key
from klarna_om.workflows.writes import ONCE

NAMESPACE = UUID("3f6d5c1e-4b8e-5a57-9a63-7c0f2e9b1d84")

WINDOW = 1_000
"""Rows of a job that share one stamp of when their keys were first used, unless the job says another number."""

Hook = Callable[[Any], object]
"""Work in the transaction that loads a manifest; it is given the journal's connection."""


class JournalError(Exception):
    """The journal cannot be used or written; the message explains what to do. What it holds is safe."""


class JournalInUseError(JournalError):
    """Another process is working on this job."""


class JournalMismatchError(JournalError):
    """The journal belongs to another job: to another operation, or to another host."""


@frozen
class Identity:
    """A job's identity, made once with its journal and on disk before anything is sent."""

    job_id: str
    operation: str
    window: int = WINDOW
    """Rows that share one stamp. Where rows are delivered in chunks, this is the size of a chunk."""

    def window_of(self, row: int) -> int:
        """The window that a row (from 1) belongs to."""
        return (row - 1) // self.window

    def key(self, row: "Row", epoch: int) -> str:
        """The idempotency key of a row, the same after any crash.

        Of a capture or refund it is that of `capture_once` and `refund_once`, so all that use the shop's reference
        share it. Of any other write it is this job's own, and changes with the epoch.
        """
        if self.operation in ONCE:
            return derive_key(self.operation, row.order_id, row.reference, generation=row.generation)
        return str(uuid5(NAMESPACE, f"{self.job_id}/{row.order_id}/{self.operation}/{row.row}/{epoch}"))


@frozen
class Row:
    """A write of the manifest that is not settled yet."""

    row: int
    order_id: str
    state: State
    reference: str = ""
    capture_id: str | None = None
    body: str | None = field(default=None, repr=False)
    generation: int = 0
    """How often it was taken up again after a refusal."""


@frozen
class Stamp:
    """When the keys of a window, in this epoch, may first have been used."""

    window: int
    epoch: int
    first_used: datetime
    is_inherited: bool = False
    """An earlier run made it, so each unsettled row of the window may have been sent."""

    def renew(self, now: datetime) -> "Stamp":
        """The stamp of the next epoch: new keys, first used from now on."""
        return evolve(self, epoch=self.epoch + 1, first_used=now)


@frozen
class RowResult:
    """The result of one call, to be recorded."""

    row: int
    state: State
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    idempotency_key: str | None = None
    attempts: int = 0
    started: datetime | None = None
    finished: datetime | None = None
    result_id: str | None = None
    detail: str = ""


@frozen
class Line:
    """A line of the manifest with all that is known of it."""

    line: int
    order_id: str
    """The order id, or the text in its place."""
    capture_id: str | None
    reference: str | None
    outcome: str
    """A `State`, or `duplicate`, `blank`, `malformed` or `conflict`."""
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    idempotency_key: str | None = None
    attempts: int | None = None
    started_at: str | None = None
    finished_at: str | None = None
    result_id: str | None = None
    """The id of the capture or refund."""
    detail: str | None = None
    columns: Mapping[str, object] = NO_COLUMNS
    """The manifest's other columns."""
    body: str | None = field(default=None, repr=False)
    """The request, as JSON; no report has it, since it may hold personal data."""


class JournalReader(Protocol):
    """What a report, a page and a verification need."""

    @property
    def identity(self) -> Identity:
        """Which job this is."""
        ...

    async def column_names(self) -> list[str]:
        """The names of the manifest's other columns, in its order."""
        ...

    async def counts(self) -> Totals:
        """The current manifest in numbers."""
        ...

    async def facts(self, groups: int, lines: int) -> JobFacts:
        """The job in numbers, with at most so many groups of what needs somebody, and first lines of each."""
        ...

    async def last_row(self) -> int:
        """The highest row there is."""
        ...

    async def next_due(self, low: int, high: int, now: datetime) -> datetime | None:
        """When the next of the unknown rows from `low` to `high` that are postponed is due."""
        ...

    async def check_host(self, target: str) -> None:
        """Raise `JournalMismatchError` where the calls of a job that has results went to another host."""
        ...

    async def report_lines(self, after: int, limit: int) -> list[Line]:
        """The lines of the current manifest that follow line `after`, each once."""
        ...


class Journal(JournalReader, Protocol):
    """The storage that a job needs. Each method returns when its effect is durable."""

    async def bind(self, target: str) -> None:
        """Set where the calls go. Raises `JournalMismatchError` when anything may have been sent to another host."""
        ...

    async def load(self, chunks: AsyncIterable[Sequence[Entry]], *, then: Hook | None = None) -> None:
        """Replace the manifest, all of it or nothing. Orders that are known keep their row and its state.

        `then` is called with the connection, in the same transaction: what it writes is there exactly when the rows
        are. Where it raises, nothing is loaded. What it returns is awaited, where the journal's connection is async.
        """
        ...

    async def unsettled_rows(self, state: State, low: int, high: int, limit: int) -> list[Row]:
        """The first rows from `low` to `high` in this state that the current manifest names."""
        ...

    async def lease(self, windows: Collection[int], now: datetime, worker: UUID, seconds: float) -> Collection[int]:
        """Take the leases of windows before their rows are read; returns those that no other worker has.

        The journal renews them until they are released. A lease stamps nothing.
        """
        ...

    def holds(self, window: int) -> bool:
        """Is the lease of a window, taken through this journal, certainly not over? Nothing is sent after it."""
        ...

    async def release(self, windows: Collection[int]) -> None:
        """End the leases of windows, where they were taken through this journal."""
        ...

    async def claim(self, window: int, now: datetime, worker: UUID, lease: float) -> Stamp | None:
        """Claim a window for a worker, for `lease` seconds: its latest stamp, or the first one, which this makes.

        One atomic step. None while another worker's lease lives; a worker that has the lease renews it. Nothing of a
        window may be sent before this returns.
        """
        ...

    async def renew_stamp(self, stamp: Stamp, now: datetime) -> Stamp:
        """Make the stamp of the next epoch, unless there is one: then return that. One atomic step, as `claim`."""
        ...

    async def remove_stamps(self, stamps: Sequence[Stamp]) -> None:
        """Remove first stamps under which nothing was sent, of windows that no other worker has claimed since."""
        ...

    async def record(self, result: RowResult) -> None:
        """Record the result of a call. A row that is done or refused stays so.

        Where another worker has taken over the window meanwhile, only a result that is done is recorded: the other
        worker's own call settles the row.
        """
        ...

    async def record_limit(self, limit: Limit) -> None:
        """Record what the rate limit allows from now on."""
        ...

    async def retry(self, *, refused: bool, unknown: bool, code: str | None = None) -> int:
        """Take up rows again, those with this error code only; returns how many.

        `refused` ones are called under new keys, as nothing happened under the old ones; `unknown` and escalated ones
        begin Klarna's schedule anew, under their keys.
        """
        ...

    async def postpone(self, rows: Sequence[int], now: datetime) -> int:
        """Move unknown rows on in Klarna's schedule, unless they were called early; returns how many are escalated."""
        ...

"""The journal: the truth about a job, never the engine that runs it."""

from collections.abc import AsyncIterable, Sequence
from datetime import datetime
from typing import Protocol

from attrs import evolve, field, frozen

from klarna_om.batch.entry import Entry
from klarna_om.batch.identity import Identity
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals


class JournalError(Exception):
    """The journal cannot be used or written; the message says what to do. What it holds is safe."""


class JournalInUseError(JournalError):
    """Another process is working on this job."""


@frozen
class Row:
    """An order of the manifest that is not settled yet."""

    row: int
    order_id: str
    state: State


@frozen
class Stamp:
    """When the keys of a window, in this epoch, may first have been used."""

    window: int
    epoch: int
    first_used: datetime
    is_inherited: bool = False
    """An earlier run made it, so each open row of the window may have been sent."""

    def renewed(self, now: datetime) -> "Stamp":
        """The stamp of the next epoch: new keys, first used from now on."""
        return evolve(self, epoch=self.epoch + 1, first_used=now)


@frozen
class Finish:
    """What one call brought, to be recorded."""

    row: int
    state: State
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    idempotency_key: str | None = None
    attempts: int = 0
    started: datetime | None = None
    finished: datetime | None = None
    detail: str = ""


@frozen
class Line:
    """A line of the manifest with all that is known of it."""

    line: int
    order_id: str
    """The order id, or what stands there instead."""
    outcome: str
    """A `State`, or `duplicate`, `blank` or `malformed`."""
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    idempotency_key: str | None = None
    attempts: int | None = None
    started_at: str | None = None
    finished_at: str | None = None
    detail: str | None = field(default=None)


class Journal(Protocol):
    """What a job needs of whatever keeps its truth. Each method returns when its effect is durable."""

    @property
    def identity(self) -> Identity:
        """Which job this is."""
        ...

    async def bind(self, target: str) -> None:
        """Say where the calls go. Raises `JournalError` when rows were settled somewhere else."""
        ...

    async def load(self, chunks: AsyncIterable[Sequence[Entry]]) -> None:
        """Take the manifest at hand, all of it or nothing. Orders that are known keep their row and its state."""
        ...

    async def last_row(self) -> int:
        """The highest row there is."""
        ...

    async def open_rows(self, state: State, low: int, high: int, limit: int) -> list[Row]:
        """The first rows from `low` to `high` in this state that the manifest at hand names."""
        ...

    async def stamp(self, window: int) -> Stamp | None:
        """The latest stamp of a window."""
        ...

    async def start(self, stamp: Stamp) -> None:
        """Keep a stamp. Nothing of its window and epoch may be sent before this returns."""
        ...

    async def finish(self, finish: Finish) -> None:
        """Record what a call brought. A row that is done or refused stays so."""
        ...

    async def counts(self) -> Totals:
        """The manifest at hand in numbers."""
        ...

    async def report(self, after: int, limit: int) -> list[Line]:
        """The lines of the manifest at hand that follow line `after`, each once."""
        ...

"""A job that somebody watches: it listens to signals, shows progress, and always leaves a report."""

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from attrs import define, field, frozen

from klarna_om.batch.calls import Send
from klarna_om.batch.entry import Entry
from klarna_om.batch.job import Job
from klarna_om.batch.journal import Journal, JournalError
from klarna_om.batch.meter import Meter, OnProgress
from klarna_om.batch.report import ReportError, write_report
from klarna_om.batch.runner import run_job
from klarna_om.batch.signals import stopped_by_signals
from klarna_om.batch.states import OnExpired
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Totals
from klarna_om.errors import KlarnaError

Failure = KlarnaError | JournalError | ReportError


@frozen
class Ended:
    """How the job ended."""

    job_id: str
    totals: Totals
    elapsed: float = 0.0
    settled_now: int = 0
    is_cut: bool = False
    """Stopped at once, with calls under way."""
    error: Failure | None = None
    """What ended it before its time; after a `JournalError` or `ReportError` there is no new report."""

    @property
    def has_report(self) -> bool:
        """Is the report what it says here?"""
        return not isinstance(self.error, JournalError | ReportError)


@define(kw_only=True, eq=False)
class Attended:
    """One run of a job, with all that is around it."""

    journal: Journal
    send: Send
    report: Path
    in_flight: int
    on_expired: OnExpired
    shown: Callable[[], AbstractContextManager[OnProgress]]
    """Opens the display."""
    on_stopping: Callable[[], None]
    """Called when a first signal has asked the job to stop."""
    keep_going: bool = False
    """Go on though the first orders are all refused alike."""
    target: str = ""
    """Where the calls go, for messages."""
    stop: Stop = field(factory=Stop)
    _meter: Meter = field(factory=lambda: Meter(Totals()), init=False)

    async def run(self, chunks: AsyncIterable[Sequence[Entry]]) -> Ended:
        """Load the manifest, run the job, write the report."""
        task = asyncio.create_task(self._job(chunks))
        with stopped_by_signals(self.stop, task, self.on_stopping):
            await asyncio.wait((task,))
            error = None if task.cancelled() else task.exception()
            if isinstance(error, JournalError):
                return self._ended(self._meter.totals, error)
            if error is not None and not isinstance(error, KlarnaError):
                raise error
            totals, unreported = await self._accounted()
        return self._ended(totals, error or unreported, is_cut=task.cancelled())

    async def _accounted(self) -> tuple[Totals, Failure | None]:
        """The totals, when the report is written or given up; signals do to it what they do to the job."""
        task = asyncio.create_task(self._reported())
        with stopped_by_signals(self.stop, task, self.on_stopping):
            await asyncio.wait((task,))
        if task.cancelled():
            return self._meter.totals, ReportError(
                f"stopped before the report {self.report} was complete; the same command writes it"
            )
        if isinstance(error := task.exception(), JournalError):
            return self._meter.totals, error
        return task.result()

    async def _reported(self) -> tuple[Totals, ReportError | None]:
        try:
            await write_report(self.journal, self.report)
        except OSError as reason:
            return await self.journal.counts(), ReportError(
                f"the report {self.report} cannot be written ({reason.strerror}); the journal has it all: see to the"
                " disk and run the same command again"
            )
        return await self.journal.counts(), None

    async def _job(self, chunks: AsyncIterable[Sequence[Entry]]) -> None:
        await self.journal.load(chunks)
        with self.shown() as show:
            self._meter = Meter(await self.journal.counts(), show)
            await run_job(
                Job(
                    journal=self.journal,
                    send=self.send,
                    meter=self._meter,
                    in_flight=self.in_flight,
                    on_expired=self.on_expired,
                    keep_going=self.keep_going,
                    target=self.target,
                    stop=self.stop,
                )
            )

    def _ended(self, totals: Totals, error: Failure | None, *, is_cut: bool = False) -> Ended:
        meter = self._meter
        return Ended(self.journal.identity.job_id, totals, meter.elapsed, meter.settled_now, is_cut, error)

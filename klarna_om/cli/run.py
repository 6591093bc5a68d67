"""Run a job on a terminal: handle signals, show progress, and always leave a report."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import define, field, frozen

from klarna_om.batch.entry import Entry
from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import Journal, JournalError, JournalMismatchError, Line
from klarna_om.batch.page.write import write_page
from klarna_om.batch.report import ReportError, write_report
from klarna_om.batch.runner import run_all_rows, run_rows
from klarna_om.batch.totals import Summary, Totals
from klarna_om.batch.verification import Verification
from klarna_om.cli.signals import stop_on_signals
from klarna_om.errors import KlarnaError

T = TypeVar("T")

Failure = KlarnaError | JournalError | ReportError


@frozen
class RunResult:
    """The result of a run, also of one that was stopped or failed."""

    summary: Summary
    is_cancelled: bool = False
    """Stopped at once, with calls in progress."""
    error: Failure | None = None
    """What stopped it early; after a `JournalError` or `ReportError` there is no new report."""
    target: str = ""
    """Where the calls went."""
    settled_at: datetime | None = None
    """When the last order was settled, where there was nothing to do."""
    problems: tuple[Line, ...] = ()
    """Lines that cannot be sent, in a dry run."""
    verification: Verification | None = None
    """What the orders show after the run; None where none was read."""

    @property
    def totals(self) -> Totals:
        """The manifest in numbers."""
        return self.summary.totals

    @property
    def had_nothing_to_do(self) -> bool:
        """Had the journal every order as settled before this run?"""
        is_ended_early = self.error is not None or self.is_cancelled
        return self.summary.is_complete and not self.summary.settled_now and not is_ended_early

    @property
    def has_report(self) -> bool:
        """Was the report written?"""
        return not isinstance(self.error, JournalError | ReportError)


@define(eq=False)
class CliRun:
    """One run of a job and its report."""

    execution: Execution
    report: Path
    html: Path | None = None
    announces_stop: bool = True
    """Say at the first signal what happens; where several run, one says it."""
    _task: asyncio.Task[Any] = field(init=False)

    async def run(self, chunks: AsyncIterable[Sequence[Entry]] | None) -> RunResult:
        """Load the manifest, run the job, write the report; None for what the journal has loaded.

        The first signal stops the job, the next one cancels what runs. Raises `JournalMismatchError` before anything
        is sent.
        """
        with stop_on_signals(self.execution.stop, on_first=self._announce_stop, on_next=lambda: self._task.cancel()):
            task = await self._finish(
                run_all_rows(self.execution) if chunks is None else run_rows(self.execution, chunks)
            )
            error = None if task.cancelled() else task.exception()
            if isinstance(error, JournalMismatchError):
                raise error
            if isinstance(error, JournalError):
                return self._result(self.execution.tracker.totals, error)
            if error is not None and not isinstance(error, KlarnaError):
                raise error
            totals, report_error = await self._write_report()
            due = None if task.cancelled() or error is not None else task.result().due
            return self._result(totals, error or report_error, is_cancelled=task.cancelled(), due=due)

    def _announce_stop(self) -> None:
        if self.announces_stop:
            click.echo("\nEnding the calls in progress; Ctrl-C again stops at once. Nothing is lost.", err=True)

    async def _finish(self, coroutine: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Run a coroutine until it has ended, failed or been cancelled by a signal."""
        self._task = task = asyncio.create_task(coroutine)
        await asyncio.wait((task,))
        return task

    async def _write_report(self) -> tuple[Totals, Failure | None]:
        """The totals, once the report is written or has failed."""
        task = await self._finish(self._try_to_write_report())
        if task.cancelled():
            message = f"stopped before the report {self.report} was complete; the same command writes it"
            return self.execution.tracker.totals, ReportError(message)
        if isinstance(error := task.exception(), JournalError):
            return self.execution.tracker.totals, error
        return task.result()

    async def _try_to_write_report(self) -> tuple[Totals, ReportError | None]:
        journal = self.execution.journal
        error = await _try_to_write(write_report, journal, self.report)
        if error is None and self.html is not None:
            error = await _try_to_write(write_page, journal, self.html)
        return await journal.counts(), error

    def _result(
        self, totals: Totals, error: Failure | None, *, is_cancelled: bool = False, due: datetime | None = None
    ) -> RunResult:
        summary = Summary(
            job_id=self.execution.journal.identity.job_id,
            totals=totals,
            elapsed=self.execution.tracker.elapsed,
            settled_now=self.execution.tracker.settled_now,
            due=due,
            stopped_by=self.execution.stop.reason,
        )
        return RunResult(summary, is_cancelled=is_cancelled, error=error, target=self.execution.target)


async def _try_to_write(
    write: Callable[[Journal, Path], Awaitable[None]], journal: Journal, path: Path
) -> ReportError | None:
    try:
        await write(journal, path)
    except OSError as reason:
        return ReportError(
            f"the report {path} cannot be written ({reason.strerror}); the journal is complete: check the disk and run"
            " the same command again"
        )
    return None

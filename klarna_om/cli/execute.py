"""Execute a job of the command line: a client, a sender, progress on the terminal, a report at the end."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from attrs import evolve

from klarna_om.batch.entry import Entry
from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import Journal
from klarna_om.batch.limit_watch import read_pace_of
from klarna_om.batch.progress_tracker import OnProgress, ProgressTracker
from klarna_om.batch.report_owner import check_page, check_report
from klarna_om.batch.senders import make_sender
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.cli.batch_options import Settings
from klarna_om.cli.log_options import is_quiet
from klarna_om.cli.progress import show_progress
from klarna_om.cli.run import CliRun, RunResult
from klarna_om.cli.stderr_console import stderr_console
from klarna_om.cli.verify_run import verify_run
from klarna_om.client import KlarnaClient


async def execute(
    settings: Settings,
    chunks: AsyncIterable[Sequence[Entry]] | None,
    prepare: Callable[[SqliteJournal], Awaitable[object]] | None = None,
) -> RunResult:
    """Load the manifest, if there is one, and run the rows of the journal, after `prepare` has seen it."""
    async with open_job(settings) as (client, journal):
        if prepare is not None:
            await prepare(journal)
        with show_progress(stderr_console(), lambda: limit_of(client), quiet=is_quiet()) as show:
            execution = make_execution(settings, client, journal, show)
            result = await CliRun(execution, settings.report, settings.html).run(chunks)
        if settings.verify is not None:
            result = await verify_run(client, execution, settings.verify, result)
        return await note_last_result(journal, result)


@asynccontextmanager
async def open_job(settings: Settings) -> AsyncGenerator[tuple[KlarnaClient, SqliteJournal], None]:
    """Its client and its journal; raises for what cannot be used before anything is sent."""
    async with (  # the client first: without credentials there is no journal
        KlarnaClient(in_flight=settings.in_flight, rate=settings.rate, **settings.client_arguments()) as client,
        SqliteJournal.open(settings.journal, settings.operation) as journal,
    ):
        await check_outputs(journal, settings)
        yield client, journal


def make_execution(settings: Settings, client: KlarnaClient, journal: Journal, show: OnProgress) -> Execution:
    """The job as this process executes it."""
    return Execution(
        journal=journal,
        sender=make_sender(client, settings.operation),
        target=client.environment.base_url,
        in_flight=settings.in_flight,
        on_expired=settings.on_expired,
        keep_going=settings.keep_going,
        max_failures=settings.max_failures,
        time_limit=settings.time_limit,
        tracker=ProgressTracker(show),
        read_pace=read_pace_of(client),
    )


async def note_last_result(journal: SqliteJournal, result: RunResult) -> RunResult:
    """The result with the time since when everything is settled, where there was nothing to do."""
    return evolve(result, settled_at=await journal.last_result_at()) if result.had_nothing_to_do else result


async def check_outputs(journal: Journal, settings: Settings) -> None:
    """Raise `ReportError` unless the report, and the page if there is to be one, may be written."""
    await check_report(journal, settings.report)
    if settings.html is not None:
        await check_page(journal, settings.html)


def limit_of(client: KlarnaClient) -> float | None:
    """Requests a second that the merchant's rate limit allows now."""
    return None if client.pace is None else client.pace.snapshot().rate

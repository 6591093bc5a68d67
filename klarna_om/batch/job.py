"""A job as a program states it: one operation over rows."""

from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import converters, evolve, field, frozen, validators

from klarna_om.batch.execution import Execution
from klarna_om.batch.failure_limit import FailureLimit, parse_failure_limit
from klarna_om.batch.journal import Journal, JournalMismatchError
from klarna_om.batch.limit_watch import read_pace_of
from klarna_om.batch.progress_stream import stream_progress
from klarna_om.batch.progress_tracker import OnProgress, ProgressTracker, ignore_progress
from klarna_om.batch.row_parser import ORDER_ID, RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.runner import run_rows
from klarna_om.batch.senders import make_sender
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import OnExpired, choose_on_expired
from klarna_om.batch.stop import Stop
from klarna_om.batch.time_limit import TimeLimit
from klarna_om.batch.totals import Progress, Summary
from klarna_om.client import KlarnaClient


@frozen
class Job:
    """One of the 13 writes, over many rows; after a crash the same job with the same journal continues.

        job = Job(
            "captures.create",
            [{"order_id": order_id, "captured_amount": 700, "reference": "shipment-7", "shop_order": "A-1001"}],
            journal="captures.journal",
        )
        summary = await run(klarna, job)

    A row is a mapping with Klarna's field names, an `Item`, or an order id where that says everything. What is neither
    an id, nor `reference`, nor a field of the request is the shop's own and comes back in the report. `reference` is
    the shop's own name for the write: an order may have several captures, one for each reference. A row that cannot be
    sent as it is (`malformed`), or has another request under a known reference (`conflict`), is reported and not sent.
    """

    operation: str
    """Its name in the catalogue, such as `captures.create`."""
    rows: Iterable[object] | AsyncIterable[object]
    journal: str | Path | Journal | None = field(default=None, kw_only=True)
    """A file that remembers each row; without one the job ends with the call."""
    in_flight: int = field(default=32, kw_only=True, validator=validators.ge(1))
    """Calls in progress at once; until the first success only 4."""
    on_expired: OnExpired | None = field(default=None, kw_only=True)
    """For rows that may have been sent over 23 hours ago: None for the operation's own rule (`AFTER_WINDOW`)."""
    keep_going: bool = field(default=False, kw_only=True)
    """Continue when the first 50 rows are all refused alike."""
    max_failures: FailureLimit | None = field(
        default=None, kw_only=True, converter=converters.optional(parse_failure_limit)
    )
    """Stop when so many rows of this run are refused, unknown or escalated: a number, or a share such as "5%"."""
    time_limit: TimeLimit = field(factory=TimeLimit, kw_only=True)
    """Stop at a time, or after so many seconds; the calls in progress end."""
    on_progress: OnProgress = field(default=ignore_progress, kw_only=True)
    """Called in the event loop, about five times a second."""
    stop: Stop = field(factory=Stop, kw_only=True)
    """Call its `request()` to let the calls in progress end, and return."""

    def __attrs_post_init__(self) -> None:
        RowParser(self.operation)
        choose_on_expired(self.operation, self.on_expired)
        if isinstance(self.rows, str):
            raise TypeError("rows is one string; pass a list of rows")

    def run(self, client: KlarnaClient) -> AsyncGenerator[Progress, None]:
        """Run it in a service's own event loop, beside its requests, and follow the progress.

            async for progress in job.run(klarna):
                logger.info("%s", progress.totals)
            summary = progress.summary

        Raises what `run` raises. `job.stop.request()` stops it, and so does leaving the loop; to go on, run a new job
        with the same journal.
        """

        def start(show: OnProgress) -> Coroutine[Any, Any, Summary]:
            def on_progress(progress: Progress) -> None:
                self.on_progress(progress)
                show(progress)

            return run(client, evolve(self, on_progress=on_progress))

        return stream_progress(start, self.stop)


async def run(client: KlarnaClient, job: Job) -> Summary:
    """Make every write of a job once, and return the totals.

    All rows are read and checked first; then the calls are made, in the client's batch lane, so live calls go first. To
    read each row's outcome, open the journal yourself:

        async with SqliteJournal.open("captures.journal", "captures.create") as journal:
            summary = await run(klarna, Job("captures.create", rows, journal=journal))
            await write_report(journal, "captures.report.csv")

    Cancelling interrupts the calls in progress and records them as unknown; a repeat settles them.

    Raises what no repeat can cure, after recording all that is known: `Unauthorized`, `ConfigurationError`,
    `ConnectionFailed` when Klarna was never reached, `BatchStopped` when no answer is Klarna's or all rows are refused
    alike; and `JournalError`. Every other failure is in the summary.
    """
    async with _open_journal(job) as journal:
        if journal.identity.operation != job.operation:
            raise JournalMismatchError(
                f"this journal belongs to a job of {journal.identity.operation}; use another one"
            )
        execution = Execution(
            journal=journal,
            sender=make_sender(client, job.operation),
            target=client.environment.base_url,
            in_flight=job.in_flight,
            on_expired=choose_on_expired(job.operation, job.on_expired),
            keep_going=job.keep_going,
            max_failures=job.max_failures,
            time_limit=job.time_limit,
            tracker=ProgressTracker(job.on_progress),
            read_pace=read_pace_of(client),
            stop=job.stop,
        )
        parser = RowParser(job.operation, ORDER_ID, kustom=client.environment.is_kustom)
        return await run_rows(execution, read_rows(job.rows, parser))


def _open_journal(job: Job) -> AbstractAsyncContextManager[Journal]:
    if job.journal is None or isinstance(job.journal, str | Path):
        return SqliteJournal.open(job.journal, job.operation)
    return _leave_open(job.journal)


@asynccontextmanager
async def _leave_open(journal: Journal) -> AsyncGenerator[Journal, None]:
    yield journal

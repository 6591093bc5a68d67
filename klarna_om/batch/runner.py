"""Run a job: workers share one iterator, and each calls for a row until its result is known."""

import asyncio
from collections.abc import AsyncIterable, Sequence

from attrs import define, evolve, field

from klarna_om.batch.calls import CallResult, call
from klarna_om.batch.circuit_breaker import never
from klarna_om.batch.entry import Entry
from klarna_om.batch.failure_text import describe_failure
from klarna_om.batch.fatal_errors import UNCONFIRMED_CALLS
from klarna_om.batch.feed import Feed
from klarna_om.batch.job import Job
from klarna_om.batch.journal import Row, RowResult, Stamp
from klarna_om.batch.repeats import Repeats
from klarna_om.batch.states import State
from klarna_om.batch.totals import Summary
from klarna_om.keys import Key

MAX_WAIT = 60.0
"""Seconds at most before a row that was not sent is tried again."""


async def run(job: Job, chunks: AsyncIterable[Sequence[Entry]]) -> Summary:
    """Load the manifest and run all rows, until they are settled or the job is stopped.

    Raises the `KlarnaError` that no later try could cure, and `JournalError`; everything known is recorded first.
    """
    await job.journal.bind(job.target)
    await job.journal.load(chunks)
    return await run_all_rows(job)


async def run_all_rows(job: Job) -> Summary:
    """As `run`, over the manifest that the journal has loaded."""
    tracker = job.tracker
    tracker.start(await job.journal.counts())
    tracker.report()
    try:
        await run_chunk(job, 1, await job.journal.last_row())
    finally:
        await job.stamps.remove_unused()
    tracker.report()
    if job.guard.error is not None:
        raise job.guard.error
    return Summary(
        job_id=job.journal.identity.job_id,
        totals=await job.journal.counts(),
        elapsed=tracker.elapsed,
        settled_now=tracker.settled_now,
    )


async def run_chunk(job: Job, low: int, high: int) -> None:
    """Run the rows from `low` to `high`: first the pending ones, then repeat those of unknown outcome."""
    try:
        await _Pass(job, Feed(job.journal, State.PENDING, low, high)).run()
        await _repeat_unknown(job, low, high)
    finally:
        await job.record_held()


async def _repeat_unknown(job: Job, low: int, high: int) -> None:
    repeats = Repeats(job.clock, low, high)

    def arrange(rows: list[Row]) -> list[Row]:
        # In random order: neighbouring rows that always fail would look like an outage.
        rows = [row for row in rows if not repeats.is_excluded(row)]
        job.shuffle(rows)
        return rows

    delay: float | None = 0.0
    while delay is not None and not job.stop.is_requested:
        await _Pass(job, Feed(job.journal, State.UNKNOWN, low, high, arrange), repeats).run()
        delay = repeats.next_delay()
        if delay is not None:
            await job.stop.sleep(delay)


@define(eq=False)
class _Pass:
    """One pass over the rows in a state."""

    job: Job
    feed: Feed
    repeats: Repeats | None = None
    """None where a row is waited for as long as it takes."""
    _workers: asyncio.TaskGroup = field(factory=asyncio.TaskGroup, init=False)
    _count: int = field(default=0, init=False)

    async def run(self) -> None:
        """Work until no row is left, or the job stops."""
        try:
            async with self._workers:
                self._add_workers()
        except BaseExceptionGroup as group:
            # All workers share one journal: what broke one breaks the others.
            raise group.exceptions[0] from None

    def _add_workers(self) -> None:
        """A few until Klarna is confirmed, then as many as the job may have."""
        job = self.job
        wanted = job.in_flight if job.guard.is_confirmed else min(job.in_flight, UNCONFIRMED_CALLS)
        while self._count < wanted:
            self._count += 1
            self._workers.create_task(self._work())

    async def _work(self) -> None:
        while not self.job.stop.is_requested and (row := await self.feed.take()) is not None:
            result = await self._settle(row)
            if self.repeats is not None:
                self.repeats.observe(row, result)
            if self._is_over():
                break
            self._add_workers()

    def _is_over(self) -> bool:
        return self.repeats is not None and self.repeats.is_over()

    async def _settle(self, row: Row) -> CallResult | None:
        """Call for a row until something is known of it or the pass is over; None where it was given up."""
        job, delay = self.job, 1.0
        result = await self._call_with_permit(row)
        while result is not None and result.state is None and not job.stop.is_requested and not self._is_over():
            await job.stop.sleep(min(max(delay, result.delay), MAX_WAIT))
            delay *= 2
            result = await self._call_with_permit(row)
        return result

    async def _call_with_permit(self, row: Row) -> CallResult | None:
        """Wait for a permit, call, and record what is known; None where nothing was called."""
        job = self.job
        async with job.breaker.permit(never if self.repeats is None else self.repeats.is_over) as permit:
            if not permit.is_granted:
                return None
            stamp = await job.stamp(row)
            if stamp is None:
                await _give_up(job, row)
                return None
            result = await _call_and_record(job, row, stamp, is_probe=permit.is_probe)
            permit.has_failed = result.has_failed
            if result.error is not None:
                permit.cause = describe_failure(result.error, job.target)
            return result


async def _call_and_record(job: Job, row: Row, stamp: Stamp, *, is_probe: bool) -> CallResult:
    key = job.key(row, stamp)
    draft = RowResult(row.row, State.UNKNOWN, idempotency_key=key, started=job.now())
    in_doubt = row.state is State.UNKNOWN or stamp.is_inherited
    job.stamps.begin_call(stamp)
    try:
        aged_key = Key(key, min(stamp.first_used, job.now()))
        result = await call(job.sender, row.order_id, aged_key, in_doubt=in_doubt)
    except asyncio.CancelledError:
        detail = "cancelled while the call was in progress; a repeat settles it"
        await job.record_now(row, evolve(draft, attempts=1, finished=job.now(), detail=detail))
        raise
    if result.is_unsent:
        job.stamps.end_unsent_call(stamp)
    job.guard.observe(result, is_probe=is_probe)
    if result.state is not None:
        await job.record(row, _fill_in(draft, result.state, result, job))
    return result


def _fill_in(draft: RowResult, state: State, result: CallResult, job: Job) -> RowResult:
    return evolve(
        draft,
        state=state,
        status=result.status,
        error_code=result.error_code,
        correlation_id=result.correlation_id,
        attempts=result.attempts,
        finished=job.now(),
        detail=result.detail,
    )


async def _give_up(job: Job, row: Row) -> None:
    detail = (
        "may have been sent more than 23 hours ago, and Klarna keeps a key for 24; the setting 'resend' for such orders"
        " calls again under a new key"
    )
    await job.record_now(row, RowResult(row.row, State.UNKNOWN, finished=job.now(), detail=detail))

"""Run a job: workers on one iterator, each carrying a row to its end."""

import asyncio

from attrs import define, evolve, field

from klarna_om.batch.calls import Call, called
from klarna_om.batch.circuit_breaker import never
from klarna_om.batch.fatal_errors import UNCONFIRMED_CALLS
from klarna_om.batch.feed import Feed
from klarna_om.batch.job import Job
from klarna_om.batch.journal import Finish, Row, Stamp
from klarna_om.batch.repeats import Repeats
from klarna_om.batch.states import State
from klarna_om.batch.totals import Summary

LONGEST_WAIT = 60.0
"""Seconds at most before a row that was not sent is tried again."""


async def run_job(job: Job) -> Summary:
    """Run all rows, until they are through or the job is stopped.

    Raises the `KlarnaError` that no later try could cure, and `JournalError`; everything known is recorded first.
    """
    job.meter.tell()
    await run_chunk(job, 1, await job.journal.last_row())
    job.meter.tell()
    if job.guard.error is not None:
        raise job.guard.error
    return Summary(job.journal.identity.job_id, await job.journal.counts(), job.meter.elapsed, job.meter.settled_now)


async def run_chunk(job: Job, low: int, high: int) -> None:
    """Run the rows from `low` to `high`: the pending ones, then those of unknown outcome, until a repeat has settled
    them or none can.
    """
    try:
        await _Pass(job, Feed(job.journal, State.PENDING, low, high)).run()
        await _repeat_unknown(job, low, high)
    finally:
        await job.record_held()


async def _repeat_unknown(job: Job, low: int, high: int) -> None:
    repeats = Repeats(job.clock, low, high)

    def arrange(rows: list[Row]) -> list[Row]:
        # In no order: rows that always fail and stand side by side would look like an outage.
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
    """One walk over the rows in a state."""

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
            call = await self._settle(row)
            if self.repeats is not None:
                self.repeats.observe(row, call)
            if self._is_over():
                break
            self._add_workers()

    def _is_over(self) -> bool:
        return self.repeats is not None and self.repeats.is_over()

    async def _settle(self, row: Row) -> Call | None:
        """Call for a row until something is known of it, or nobody waits any more; None where it was given up."""
        job, delay = self.job, 1.0
        call = await self._turn(row)
        while call is not None and call.state is None and not job.stop.is_requested and not self._is_over():
            await job.stop.sleep(min(max(delay, call.delay), LONGEST_WAIT))
            delay *= 2
            call = await self._turn(row)
        return call

    async def _turn(self, row: Row) -> Call | None:
        """Wait for a permit, call, and record what is known; None where nothing was called."""
        job = self.job
        async with job.breaker.permit(never if self.repeats is None else self.repeats.is_over) as permit:
            if not permit.is_granted:
                return None
            stamp = await job.stamp(row)
            if stamp is None:
                await _give_up(job, row)
                return None
            call = await _call(job, row, stamp, is_probe=permit.is_probe)
            permit.has_failed = call.has_failed
            return call


async def _call(job: Job, row: Row, stamp: Stamp, *, is_probe: bool) -> Call:
    finish = Finish(row.row, State.UNKNOWN, idempotency_key=job.key(row, stamp), started=job.now())
    try:
        call = await called(
            job.send,
            row.order_id,
            job.key(row, stamp),
            in_doubt=row.state is State.UNKNOWN or stamp.is_inherited,
        )
    except asyncio.CancelledError:
        cut = evolve(finish, attempts=1, finished=job.now(), detail="cut off while under way; a repeat settles it")
        await job.record(row, cut)
        raise
    job.guard.observe(call, is_probe=is_probe)
    if call.state is not None:
        await job.finish(row, _finished(finish, call, job))
    return call


def _finished(finish: Finish, call: Call, job: Job) -> Finish:
    assert call.state is not None
    return evolve(
        finish,
        state=call.state,
        status=call.status,
        error_code=call.error_code,
        correlation_id=call.correlation_id,
        attempts=call.attempts,
        finished=job.now(),
        detail=call.detail,
    )


async def _give_up(job: Job, row: Row) -> None:
    detail = "perhaps sent more than 23 hours ago, and Klarna keeps a key for 24; on_expired='resend' calls anew"
    await job.record(row, Finish(row.row, State.UNKNOWN, finished=job.now(), detail=detail))

"""Run a job: workers on one iterator, each carrying a row to its end."""

import asyncio

from attrs import evolve

from klarna_om.batch.calls import Call, called
from klarna_om.batch.feed import Feed
from klarna_om.batch.job import Job
from klarna_om.batch.journal import Finish, Row, Stamp
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
    if job.reach.fatal is not None:
        raise job.reach.fatal
    return Summary(job.journal.identity.job_id, await job.journal.counts(), job.meter.elapsed, job.meter.settled_now)


async def run_chunk(job: Job, low: int, high: int) -> None:
    """Run the rows from `low` to `high`: the pending ones, then once more those of unknown outcome."""
    for state in (State.PENDING, State.UNKNOWN):
        feed = Feed(job.journal, state, low, high)
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(job.in_flight, high - low + 1)):
                    workers.create_task(_work(job, feed))
        except BaseExceptionGroup as group:
            # All workers share one journal: what broke one breaks the others.
            raise group.exceptions[0] from None


async def _work(job: Job, feed: Feed) -> None:
    while not job.stop.is_requested and (row := await feed.take()) is not None:
        await _settle(job, row)


async def _settle(job: Job, row: Row) -> None:
    """Call for a row until something is known of it, or the job stops."""
    delay = 1.0
    while not job.stop.is_requested:
        call = await _turn(job, row)
        if call is None or call.state is not None:
            return
        await job.stop.sleep(min(max(delay, call.delay), LONGEST_WAIT))
        delay *= 2


async def _turn(job: Job, row: Row) -> Call | None:
    """Wait for leave to call, call, and record what is known; None where nothing was called."""
    async with job.outage.turn() as turn:
        if job.stop.is_requested:
            return None
        stamp = await job.stamp(row)
        if stamp is None:
            await _give_up(job, row)
            return None
        call = await _call(job, row, stamp)
        turn.has_failed = call.has_failed
        return call


async def _call(job: Job, row: Row, stamp: Stamp) -> Call:
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
    job.reach.heard(call)
    if call.state is not None:
        await job.record(row, _finished(finish, call, job))
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

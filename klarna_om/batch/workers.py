"""The workers of a job: they share one iterator, and each calls for a row until its result is known."""

import asyncio
from datetime import datetime

from attrs import define, evolve, field

from klarna_om.batch.calls import CallResult, call
from klarna_om.batch.circuit_breaker import never
from klarna_om.batch.execution import Execution
from klarna_om.batch.failure_text import describe_failure
from klarna_om.batch.fatal_errors import UNCONFIRMED_CALLS
from klarna_om.batch.feed import Feed
from klarna_om.batch.journal import Row, RowResult, Stamp
from klarna_om.batch.repeats import Repeats
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import State
from klarna_om.pace.withdrawal import can_be_withdrawn
from klarna_om.workflows.after_window import AFTER_WINDOW, Expired

MAX_WAIT = 60.0
"""Seconds at most before a row that was not sent is tried again."""


@define(eq=False)
class Pass:
    """One pass over the rows in a state."""

    execution: Execution
    stamps: Stamps
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
        wanted = self.execution.in_flight
        if not self.execution.guard.is_confirmed:
            wanted = min(wanted, UNCONFIRMED_CALLS)
        while self._count < wanted:
            self._count += 1
            self._workers.create_task(self._work())

    async def _work(self) -> None:
        while not self.execution.stop.is_requested and (row := await self.feed.take()) is not None:
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
        stop, delay = self.execution.stop, 1.0
        result = await self._call_with_permit(row)
        while result is not None and result.state is None and not stop.is_requested and not self._is_over():
            await stop.sleep(min(max(delay, result.delay), MAX_WAIT))
            delay *= 2
            result = await self._call_with_permit(row)
        return result

    async def _call_with_permit(self, row: Row) -> CallResult | None:
        """Wait for a permit, call, and record what is known; None where nothing was called."""
        execution = self.execution
        async with execution.breaker.permit(never if self.repeats is None else self.repeats.is_over) as permit:
            if not permit.is_granted:
                return None
            stamp = await self.stamps.get(execution.journal.identity.window_of(row.row))
            if stamp is None:
                await _give_up(execution, row)
                return None
            execution.clock_watch.check()
            if execution.stop.is_requested:
                return None
            result = await self._call_and_record(row, stamp, is_probe=permit.is_probe)
            permit.has_failed = result.has_failed
            if result.error is not None:
                permit.cause = describe_failure(result.error, execution.target)
            return result

    async def _call_and_record(self, row: Row, stamp: Stamp, *, is_probe: bool) -> CallResult:
        execution, stamps = self.execution, self.stamps
        key = execution.key(row, stamp)
        draft = RowResult(row.row, State.UNKNOWN, idempotency_key=key, started=execution.now())
        in_doubt = row.state is State.UNKNOWN or stamp.is_inherited
        stamps.begin_call(stamp)
        try:
            operation = execution.journal.identity.operation
            with can_be_withdrawn(execution.queue):
                result = await call(execution.sender, row, key, operation, in_doubt=in_doubt)
        except asyncio.CancelledError:
            detail = "cancelled while the call was in progress; a repeat settles it"
            await execution.record_now(row, evolve(draft, attempts=1, finished=execution.now(), detail=detail))
            raise
        if result.is_unsent:
            stamps.end_unsent_call(stamp)
        execution.guard.observe(result, is_probe=is_probe)
        state = result.state
        if state is State.UNKNOWN and self.repeats is not None and not result.can_be_settled:
            state = State.ESCALATED  # every other repeat would get the same answer
        if state is not None:
            await execution.record(row, _fill_in(draft, state, result, execution.now()))
        return result


def _fill_in(draft: RowResult, state: State, result: CallResult, finished: datetime) -> RowResult:
    return evolve(
        draft,
        state=state,
        status=result.status,
        error_code=result.error_code,
        correlation_id=result.correlation_id,
        attempts=result.attempts,
        finished=finished,
        result_id=result.result_id,
        detail=result.detail,
    )


async def _give_up(execution: Execution, row: Row) -> None:
    rule = AFTER_WINDOW[execution.journal.identity.operation]
    again = "" if rule.step is Expired.FAIL else f"with the setting {rule.step.value!r} "
    detail = (
        "may have been sent more than 23 hours ago, and Klarna keeps a key for 24: look the order up at Klarna;"
        f" {again}sent again, {rule.reason}"
    )
    await execution.record_now(row, RowResult(row.row, State.ESCALATED, finished=execution.now(), detail=detail))

"""Run a job: over all its rows, or over a chunk that an engine delivers."""

from collections.abc import AsyncIterable, Sequence

from attrs import frozen

from klarna_om.batch.entry import Entry
from klarna_om.batch.execution import Execution
from klarna_om.batch.feed import Arrange, Feed
from klarna_om.batch.journal import JournalInUseError, Row
from klarna_om.batch.repeats import Repeats
from klarna_om.batch.slow_tiers import LONGEST_WAIT, SlowTiers
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import State
from klarna_om.batch.totals import Summary
from klarna_om.batch.workers import Pass


async def run_rows(execution: Execution, chunks: AsyncIterable[Sequence[Entry]]) -> Summary:
    """Load the manifest and run all rows, until they are settled or the job is stopped.

    Raises the `KlarnaError` that no later try could cure, and `JournalError`; everything known is recorded first.
    """
    await execution.bind()
    await execution.journal.load(chunks)
    return await run_all_rows(execution)


async def run_all_rows(execution: Execution) -> Summary:
    """As `run_rows`, over the manifest that the journal has loaded."""
    tracker, journal = execution.tracker, execution.journal
    tracker.start(await journal.counts())
    tracker.report()
    limit = execution.time_limit.watch(execution.stop, execution.now, execution.clock, execution.started)
    try:
        async with limit:
            await run_chunk(execution, 1, await journal.last_row())
    finally:
        tracker.report()
    return Summary(
        job_id=journal.identity.job_id,
        totals=await journal.counts(),
        elapsed=tracker.elapsed,
        settled_now=tracker.settled_now,
        due=await journal.next_due(1, await journal.last_row(), execution.now()),
        stopped_by=execution.stop.reason,
    )


async def run_chunk(execution: Execution, low: int, high: int) -> bool:
    """Run the rows from `low` to `high`: first the pending ones, then repeat those of unknown outcome.

    Returns whether the chunk is through: no row of it is pending or unknown. It is not where another worker has it, or
    the job was stopped. Raises what is fatal to the whole job. Where chunks are delivered, each is one window of the
    job (`Identity.window`): what is sent of it is known as exactly as where all are run by one process.
    """
    await execution.bind()
    delivery = _Delivery(execution, execution.make_stamps(), low, high)
    try:
        await delivery.run()
    except JournalInUseError:
        return False
    if execution.guard.error is not None:
        raise execution.guard.error
    return await delivery.is_through()


@frozen
class _Delivery:
    """Rows that were given to this process."""

    execution: Execution
    stamps: Stamps
    low: int
    high: int

    async def run(self) -> None:
        """The pending rows first, then those of unknown outcome, for as long as a run repeats them."""
        try:
            await Pass(self.execution, self.stamps, self._feed(State.PENDING)).run()
            await self._repeat_unknown()
            until = self.execution.now() + LONGEST_WAIT  # once: rows that fail then are the next run's
            while not self.execution.is_redelivered and await self.tiers.wait(until):
                await self._repeat_unknown()
        finally:
            try:
                await self.execution.record_held()
                await self.stamps.remove_unused()
            finally:
                await self.stamps.release()

    @property
    def tiers(self) -> SlowTiers:
        """What becomes of the rows whose repeats fail."""
        return SlowTiers(self.execution, self.low, self.high)

    def _feed(self, state: State, arrange: Arrange = lambda rows: rows) -> Feed:
        return Feed(self.execution.journal, self.stamps.lease, state, self.low, self.high, arrange)

    async def is_through(self) -> bool:
        """Is no row left that a run would call?"""
        read = self.execution.journal.unsettled_rows
        return not any([await read(state, self.low, self.high, 1) for state in (State.PENDING, State.UNKNOWN)])

    async def _repeat_unknown(self) -> None:
        execution = self.execution
        repeats = Repeats(execution.clock, self.low, self.high)

        def arrange(rows: list[Row]) -> list[Row]:
            # In random order: neighbouring rows that always fail would look like an outage.
            rows = [row for row in rows if not repeats.is_excluded(row)]
            execution.shuffle(rows)
            return rows

        delay: float | None = 0.0
        while delay is not None and not execution.stop.is_requested:
            await Pass(execution, self.stamps, self._feed(State.UNKNOWN, arrange), repeats).run()
            delay = repeats.next_delay()
            if delay is not None:
                await execution.stop.sleep(delay)
        if not execution.stop.is_requested:
            await self.tiers.postpone(repeats.failed_rows())

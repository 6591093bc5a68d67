"""Read orders back at Klarna and compare them with what the journal says; reads only, and no row changes.

A read that fails says nothing about its row. After ten of them in a row the verification stops: it can be run again at
any time.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress

from attrs import define, field

from klarna_om.batch.failure_text import describe_failure
from klarna_om.batch.journal import JournalReader, Line
from klarna_om.batch.senders import in_batch_lane
from klarna_om.batch.stop import Stop
from klarna_om.batch.verification import Check, Finding, Tally, Verification
from klarna_om.batch.verify_line import check_line, unread_line
from klarna_om.batch.verify_sample import Sample, check_sample, choose_lines, count_rows
from klarna_om.client import KlarnaClient
from klarna_om.errors import ClientClosed, ConfigurationError, KlarnaError, NotFound, Unauthorized
from klarna_om.pace.deadlines import Deadlines
from klarna_om.workflows.effects import EFFECTS

FAILED_READS_LIMIT = 10
"""Failed reads in a row after which a verification stops."""

OnCheck = Callable[[Check], None]

_FATAL = (ClientClosed, ConfigurationError, Unauthorized)


def ignore_check(_: Check) -> None:
    """For a verification without a display."""


async def verify(
    client: KlarnaClient,
    journal: JournalReader,
    *,
    sample: Sample = "all",
    seed: int | None = None,
    in_flight: int = 32,
    stop: Stop | None = None,
    on_check: OnCheck = ignore_check,
) -> Verification:
    """Read orders of a job at Klarna and compare them with its journal.

        async with SqliteJournal.open_to_read("captures.journal") as journal:
            verification = await verify(klarna, journal, sample=200)

    `sample`: how many of the rows that are done or refused are read, by chance, or "all" of them. Every unknown or
    escalated row is read too, first: they are what a person must decide. Pending ones are not. `seed` chooses the same
    rows again; without one it is in `Verification.seed`.

    One read for each row, in the batch lane, with retries as ever. `on_check` gets every row's check; the result lists
    the first 20 of each kind. Nothing is written: no row of the journal changes, whatever is seen. Where no order shows
    the operation's effect (`captures.trigger_send_out`, `captures.extend_due_date`), nothing is read either.

    A stop, or ten failed reads in a row, ends it; `stopped_by` has the reason. Raises `Unauthorized`,
    `ConfigurationError`, and `JournalMismatchError` for a journal of another host.
    """
    check_sample(sample)
    if in_flight < 1:
        raise ValueError(f"in_flight is a number of reads, 1 or more, not {in_flight!r}")
    if not (rows := count_rows(await journal.counts(), sample)):
        return Verification(0, sample)
    await journal.check_host(client.environment.base_url)
    chosen_by = secrets.randbelow(1_000_000) if seed is None else seed
    shown_seed = None if sample == "all" else chosen_by
    if EFFECTS[journal.identity.operation].see is None:
        return Verification(rows, sample, counts={Finding.CANNOT_BE_SEEN: rows}, seed=shown_seed)
    stop = stop or Stop()
    async with aclosing(choose_lines(journal, sample, chosen_by)) as lines:
        reads = _Reads(in_batch_lane(client), journal.identity.operation, lines, on_check)
        await reads.run(stop, min(in_flight, rows))
    is_cut = reads.tally.counts.total() < rows
    return Verification(
        rows,
        sample,
        counts=dict(reads.tally.counts),
        listed=tuple(reads.tally.listed),
        seed=shown_seed,
        stopped_by=(reads.stopped_by or stop.reason) if is_cut else "",
    )


@define(eq=False)
class _Reads:
    """Workers that share the lines, one read for each."""

    client: KlarnaClient
    operation: str
    lines: AsyncIterator[Line]
    on_check: OnCheck
    tally: Tally = field(factory=Tally, init=False)
    stopped_by: str = field(default="", init=False)
    _limit: Deadlines = field(factory=Deadlines, init=False)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)
    _failed: int = field(default=0, init=False)

    async def run(self, stop: Stop, workers: int) -> None:
        """Read until no line is left; a stop ends the reads in progress too, as they have no effect."""
        stop.on_request(self._limit.close)
        if stop.is_requested:
            return
        try:
            with suppress(TimeoutError), self._limit.start(None):
                async with asyncio.TaskGroup() as group:
                    for _ in range(workers):
                        group.create_task(self._work())
        except BaseExceptionGroup as group_error:
            raise group_error.exceptions[0] from None

    async def _work(self) -> None:
        while not self._limit.is_closed and (line := await self._take()) is not None:
            check = await self._check(line)
            self.tally.add(check)
            self.on_check(check)
            if self._failed >= FAILED_READS_LIMIT:
                self._limit.close()

    async def _take(self) -> Line | None:
        async with self._lock:
            return await anext(self.lines, None)

    async def _check(self, line: Line) -> Check:
        try:
            order = await self.client.orders.get(line.order_id)
        except _FATAL:
            raise
        except KlarnaError as error:
            self._count_failure(error)
            return unread_line(line, error)
        self._failed = 0
        return check_line(self.operation, line, order)

    def _count_failure(self, error: KlarnaError) -> None:
        """An order that Klarna does not know is an answer; anything else may be an outage."""
        self._failed = 0 if isinstance(error, NotFound) else self._failed + 1
        if self._failed >= FAILED_READS_LIMIT:
            failure = describe_failure(error, self.client.environment.base_url)
            self.stopped_by = f"{FAILED_READS_LIMIT} reads in a row failed; the last: {failure}"

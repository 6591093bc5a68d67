"""Acknowledge many orders; after a crash the same call continues."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import UUID

from klarna_om.batch.calls import Sender, SendResult
from klarna_om.batch.entry import read_order_ids
from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import Journal, JournalMismatchError
from klarna_om.batch.progress_tracker import OnProgress, ProgressTracker, ignore_progress
from klarna_om.batch.runner import run
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import OnExpired, check_on_expired
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Summary
from klarna_om.catalogue import ACKNOWLEDGE
from klarna_om.client import KlarnaClient

TOTAL_TIMEOUT = 1_800.0
"""Seconds for all attempts of a call and its waits. A slow rate makes long queues, and a repeat must not come after
Klarna has forgotten its key."""


async def acknowledge_all(
    client: KlarnaClient,
    order_ids: Iterable[str | UUID] | AsyncIterable[str | UUID],
    *,
    journal: str | Path | Journal | None = None,
    on_progress: OnProgress = ignore_progress,
    in_flight: int = 32,
    on_expired: OnExpired = "resend",
    keep_going: bool = False,
    stop: Stop | None = None,
) -> Summary:
    """Acknowledge every order once, and return the totals.

        summary = await acknowledge_all(klarna, order_ids, journal="acknowledge.journal")

    With a `journal` (a file) the same call after a crash continues where the first one ended: an order whose outcome
    was not on disk is called again under its old key, which Klarna executes once. Without one the job ends with the
    call. To read each order's outcome, open the journal yourself:

        async with SqliteJournal.open("acknowledge.journal") as journal:
            summary = await acknowledge_all(klarna, order_ids, journal=journal)
            await write_report(journal, "acknowledge.report.csv")

    `in_flight`: calls in progress at once; the default leaves half of the client's places to others. Its calls are in
    the client's batch lane, so live calls go first; until the first success only 4 are in progress.
    `on_expired`: see `klarna_om.batch.states`. `keep_going`: continue when the first 50 orders are all refused alike.
    `stop`: call its `request()` to let the calls in progress end, and return. Cancelling interrupts the calls in
    progress and records them as unknown; a repeat settles them. `on_progress` is called in the event loop, about five
    times a second.

    An order id that is neither a `str` nor a `uuid.UUID` is a `TypeError` that names its position; nothing is sent.

    Raises what no repeat can cure, after recording all that is known: `Unauthorized`, `ConfigurationError`,
    `ConnectionFailed` when Klarna was never reached, `BatchStopped` when no answer is Klarna's or all orders are
    refused alike; and `JournalError`. Every other failure is in the summary.
    """
    if isinstance(order_ids, str):
        raise TypeError("order_ids is one string; pass a list of order ids")
    check_on_expired(on_expired)
    async with _open_journal(journal) as open_journal:
        if open_journal.identity.operation != ACKNOWLEDGE.name:
            raise JournalMismatchError(
                f"this journal belongs to a job of {open_journal.identity.operation}; use another one"
            )
        execution = Execution(
            journal=open_journal,
            sender=make_sender(client),
            target=client.environment.base_url,
            in_flight=in_flight,
            on_expired=on_expired,
            keep_going=keep_going,
            tracker=ProgressTracker(on_progress),
            stop=stop or Stop(),
        )
        return await run(execution, read_order_ids(order_ids))


def make_sender(client: KlarnaClient) -> Sender:
    """The call that acknowledges one order."""
    client = client.with_options(lane="batch", total_timeout=TOTAL_TIMEOUT, queue_timeout=None)

    async def send(order_id: str, key: str) -> SendResult:
        reply = await client.reply(client.orders.acknowledge(order_id, idempotency_key=key))
        return SendResult(status=reply.status, correlation_id=reply.correlation_id, attempts=len(reply.attempts))

    return send


def _open_journal(journal: str | Path | Journal | None) -> AbstractAsyncContextManager[Journal]:
    if journal is None or isinstance(journal, str | Path):
        return SqliteJournal.open(journal)
    return _leave_open(journal)


@asynccontextmanager
async def _leave_open(journal: Journal) -> AsyncGenerator[Journal, None]:
    yield journal

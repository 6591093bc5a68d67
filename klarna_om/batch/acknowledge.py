"""Acknowledge many orders, and survive a crash meanwhile."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import UUID

from klarna_om.batch.calls import Send, Sent
from klarna_om.batch.entry import of_order_ids
from klarna_om.batch.job import Job
from klarna_om.batch.journal import Journal, JournalError
from klarna_om.batch.meter import Meter, OnProgress, unheard
from klarna_om.batch.runner import run_job
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import OnExpired, check_on_expired
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Summary
from klarna_om.catalogue import ACKNOWLEDGE
from klarna_om.client import KlarnaClient

TOTAL_TIMEOUT = 1_800.0
"""Seconds for all attempts of a call and its waits. A slow rate makes long queues; and a repeat must not come so late
that Klarna has forgotten its key."""


async def acknowledge_all(
    client: KlarnaClient,
    order_ids: Iterable[str | UUID] | AsyncIterable[str | UUID],
    *,
    journal: str | Path | Journal | None = None,
    on_progress: OnProgress = unheard,
    in_flight: int = 32,
    on_expired: OnExpired = "resend",
    keep_going: bool = False,
    stop: Stop | None = None,
) -> Summary:
    """Acknowledge every order once, and say what came of it.

        summary = await acknowledge_all(klarna, order_ids, journal="acknowledge.journal")

    With a `journal` (a file) the same call made again after a crash goes on where it was: an order whose outcome was
    not on disk is called again under its old key, which Klarna executes once. Without one the job ends with the call.
    To read each order's outcome, open the journal yourself:

        async with SqliteJournal.open("acknowledge.journal") as journal:
            summary = await acknowledge_all(klarna, order_ids, journal=journal)
            await write_report(journal, "acknowledge.report.csv")

    `in_flight`: orders under way at once; the default leaves half of the client's places to others. Its calls are in
    the client's batch lane, so they let live calls go first; until the first success only 4 are under way.
    `on_expired`: see `klarna_om.batch.states`. `keep_going`: go on though the first 50 orders are all refused alike.
    `stop`: call its `request()` to let what is under way end, and return. Cancelling cuts off what is under way and
    records it as unknown; a repeat settles it. `on_progress` is called in the event loop, about five times a second.

    An order id that is neither a `str` nor a `uuid.UUID` is a `TypeError` that names its position; nothing is sent.

    Raises what no repeat can cure, after recording all that is known: `Unauthorized`, `ConfigurationError`,
    `ConnectionFailed` when Klarna was never reached, `BatchStopped` when only others than Klarna answer or all orders
    are refused alike; and `JournalError`. Every other failure is in the summary.
    """
    if isinstance(order_ids, str):
        raise TypeError("order_ids is one string; pass a list of order ids")
    check_on_expired(on_expired)
    async with _opened(journal) as opened:
        if opened.identity.operation != ACKNOWLEDGE.name:
            raise JournalError(f"this journal belongs to a job of {opened.identity.operation}; use another one")
        await opened.bind(client.environment.base_url)
        await opened.load(of_order_ids(order_ids))
        job = Job(
            journal=opened,
            send=acknowledging(client),
            meter=Meter(await opened.counts(), on_progress),
            in_flight=in_flight,
            on_expired=on_expired,
            keep_going=keep_going,
            target=client.environment.base_url,
            stop=stop or Stop(),
        )
        return await run_job(job)


def acknowledging(client: KlarnaClient) -> Send:
    """How a job acknowledges one order."""
    client = client.with_options(lane="batch", total_timeout=TOTAL_TIMEOUT, queue_timeout=None)

    async def send(order_id: str, key: str) -> Sent:
        reply = await client.reply(client.orders.acknowledge(order_id, idempotency_key=key))
        return Sent(reply.status, reply.correlation_id, len(reply.attempts))

    return send


def _opened(journal: str | Path | Journal | None) -> AbstractAsyncContextManager[Journal]:
    if journal is None or isinstance(journal, str | Path):
        return SqliteJournal.open(journal)
    return _left_open(journal)


@asynccontextmanager
async def _left_open(journal: Journal) -> AsyncGenerator[Journal, None]:
    yield journal

"""Acknowledge many orders; after a crash the same call continues."""

from collections.abc import AsyncIterable, Iterable
from pathlib import Path
from uuid import UUID

from klarna_om.batch.job import Job, run
from klarna_om.batch.journal import Journal
from klarna_om.batch.progress_tracker import OnProgress, ignore_progress
from klarna_om.batch.states import OnExpired
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Summary
from klarna_om.catalogue import ACKNOWLEDGE
from klarna_om.client import KlarnaClient


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

    The short form of `run(client, Job("orders.acknowledge", order_ids, ...))`; the options are those of `Job`. With a
    `journal` (a file) the same call after a crash continues where the first one ended: an order whose outcome was not
    on disk is called again under its old key, which Klarna executes once.

    An order id that is neither a `str` nor a `uuid.UUID` is a `TypeError` that names its position; nothing is sent.
    Raises what `run` raises.
    """
    if isinstance(order_ids, str):
        raise TypeError("order_ids is one string; pass a list of order ids")
    job = Job(
        ACKNOWLEDGE.name,
        order_ids,
        journal=journal,
        in_flight=in_flight,
        on_expired=on_expired,
        keep_going=keep_going,
        on_progress=on_progress,
        stop=stop or Stop(),
    )
    return await run(client, job)

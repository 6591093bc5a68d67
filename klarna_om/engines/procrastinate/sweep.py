"""Sweeps for Procrastinate: what has no message waiting is deferred again, in the transaction that looks for it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from klarna_om.batch.postgres import Database
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.stop import Sleep
from klarna_om.engines.open_chunks import read_open_chunks
from klarna_om.engines.procrastinate.messages import defer, read_waiting
from klarna_om.engines.sweeping import keep_sweeping_with, sweep_alone


async def defer_open_chunks(connection: Connection, target: str, job: UUID | None = None) -> int:
    """Defer each chunk with open rows that no worker has and no message waits for; returns how many."""
    waiting = await read_waiting(connection, target)
    messages = [message for message in await read_open_chunks(connection, target, job) if message not in waiting]
    await defer(connection, target, messages)
    return len(messages)


async def sweep(database: Database, target: str) -> int:
    """Sweep once, unless another worker is at it; returns how many chunks are delivered again."""
    return await sweep_alone(database, lambda connection: defer_open_chunks(connection, target))


def keep_sweeping(
    database: Database, target: str, *, sleep: Sleep = asyncio.sleep
) -> AbstractAsyncContextManager[None]:
    """Sweep at once and every 30 seconds meanwhile, also after a failure of the database."""
    return keep_sweeping_with(lambda: sweep(database, target), sleep=sleep)

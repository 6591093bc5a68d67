"""Delivers again what was lost: the journal knows which rows are open, whatever became of a message."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres import Database
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.stop import Sleep
from klarna_om.engines.open_chunks import read_open_chunks
from klarna_om.engines.procrastinate.messages import defer, read_waiting

INTERVAL = 30.0
"""Seconds between two sweeps of a worker."""

_ONE_AT_A_TIME = b"select pg_try_advisory_xact_lock(784903)"

logger = logging.getLogger("klarna_om.engines")


async def defer_open_chunks(connection: Connection, target: str, job: UUID | None = None) -> int:
    """Defer each chunk with open rows that no worker has and no message waits for; returns how many."""
    waiting = await read_waiting(connection, target)
    messages = [message for message in await read_open_chunks(connection, target, job) if message not in waiting]
    await defer(connection, target, messages)
    return len(messages)


async def sweep(database: Database, target: str) -> int:
    """Sweep once, unless another worker is at it; returns how many chunks are delivered again."""

    async def sweep_alone(connection: Connection) -> int:
        ((is_alone,),) = await (await connection.execute(_ONE_AT_A_TIME)).fetchall()
        return await defer_open_chunks(connection, target) if is_alone else 0

    return await database.run_long(sweep_alone)


@asynccontextmanager
async def keep_sweeping(database: Database, target: str, *, sleep: Sleep = asyncio.sleep) -> AsyncGenerator[None, None]:
    """Sweep at once and every 30 seconds meanwhile, also after a failure of the database."""
    task = asyncio.create_task(_sweep_for_ever(database, target, sleep))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _sweep_for_ever(database: Database, target: str, sleep: Sleep) -> None:
    while True:
        try:
            if count := await sweep(database, target):
                logger.info("%d chunks had open rows and no worker: they are delivered again", count)
        except JournalError as reason:
            logger.warning("open chunks could not be looked for: %s", reason)
        await sleep(INTERVAL)

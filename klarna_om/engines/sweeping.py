"""Delivers again what was lost: the journal knows which rows are open, whatever became of a message."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres import Database
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.stop import Sleep

INTERVAL = 30.0
"""Seconds between two sweeps of a worker."""

_ONE_AT_A_TIME = b"select pg_try_advisory_xact_lock(784903)"

logger = logging.getLogger("klarna_om.engines")


async def sweep_alone(database: Database, deliver: Callable[[Connection], Awaitable[int]]) -> int:
    """Deliver what is open, unless another worker is at it; returns how many chunks were delivered."""

    async def sweep(connection: Connection) -> int:
        ((is_alone,),) = await (await connection.execute(_ONE_AT_A_TIME)).fetchall()
        return await deliver(connection) if is_alone else 0

    return await database.run_long(sweep)


@asynccontextmanager
async def keep_sweeping_with(
    sweep: Callable[[], Awaitable[int]], *failures: type[Exception], sleep: Sleep = asyncio.sleep
) -> AsyncGenerator[None, None]:
    """Sweep at once and every 30 seconds meanwhile, also after a `JournalError` or one of these failures."""
    task = asyncio.create_task(_sweep_for_ever(sweep, (JournalError, *failures), sleep))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _sweep_for_ever(
    sweep: Callable[[], Awaitable[int]], failures: tuple[type[Exception], ...], sleep: Sleep
) -> None:
    while True:
        try:
            if count := await sweep():
                logger.info("%d chunks had open rows and no worker: they are delivered again", count)
        except failures as reason:
            logger.warning("open chunks could not be delivered again: %s", reason)
        await sleep(INTERVAL)

"""A job and the messages for its chunks, in one transaction: all of it or nothing."""

from collections.abc import AsyncIterable, Sequence
from uuid import UUID

from klarna_om.batch.entry import Entry
from klarna_om.batch.postgres import Database
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.postgres.journal import CHUNK
from klarna_om.engines.load_job import load_job
from klarna_om.engines.procrastinate.sweep import defer_open_chunks


async def submit(
    database: Database,
    operation: str,
    chunks: AsyncIterable[Sequence[Entry]],
    *,
    target: str,
    job_id: UUID | None = None,
    window: int = CHUNK,
) -> UUID:
    """Load a manifest as `load_job` does, and defer a message for each chunk.

    Raises `JournalError`; then nothing was loaded and no worker hears of it.
    """

    async def defer(connection: Connection, job: UUID) -> None:
        await defer_open_chunks(connection, target, job)

    return await load_job(database, operation, chunks, target=target, job_id=job_id, window=window, then=defer)

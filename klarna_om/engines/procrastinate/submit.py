"""A job and the messages for its chunks, in one transaction: all of it or nothing."""

from collections.abc import AsyncIterable, Sequence
from uuid import UUID, uuid4

from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import Identity, JournalMismatchError
from klarna_om.batch.postgres import Database, PostgresJournal, read_jobs
from klarna_om.batch.postgres.binding import bind
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.postgres.journal import CHUNK
from klarna_om.engines.procrastinate.sweep import defer_open_chunks

_DELIVER = b"update klarna_om.jobs set is_delivered = true where id = %(job)s"


async def submit(
    database: Database,
    operation: str,
    chunks: AsyncIterable[Sequence[Entry]],
    *,
    target: str,
    job_id: UUID | None = None,
    window: int = CHUNK,
) -> UUID:
    """Load a manifest for the workers of this host; returns the job's id.

    `target`: the base URL of the environment; workers of another one never get its chunks. With the id of a job that
    exists its manifest is replaced, and orders that are known keep their row and its state. `window`: rows in a chunk,
    at least 50, so that a wrong account is noticed before the refusals of a chunk are recorded.
    Raises `JournalError`; then nothing was loaded and no worker hears of it.
    """
    identity = await _identity(database, job_id or uuid4(), operation, window)
    job = UUID(identity.job_id)

    async def deliver(connection: Connection) -> None:
        await bind(connection, {"job": job}, target)
        await connection.execute(_DELIVER, {"job": job})
        await defer_open_chunks(connection, target, job)

    await PostgresJournal(database, identity).load(chunks, then=deliver)
    return job


async def _identity(database: Database, job_id: UUID, operation: str, window: int) -> Identity:
    for known in await read_jobs(database, job_id):
        if known.identity.operation != operation:
            raise JournalMismatchError(f"job {job_id} is one of {known.identity.operation}, not of {operation}")
        return known.identity
    return Identity(str(job_id), operation, window)

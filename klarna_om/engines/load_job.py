"""Loads a job that is delivered to workers, with what its engine does in the same transaction."""

from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from uuid import UUID, uuid4

from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import Identity, JournalMismatchError
from klarna_om.batch.postgres import Database, PostgresJournal, read_jobs
from klarna_om.batch.postgres.binding import bind
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.postgres.journal import CHUNK

_DELIVER = b"update klarna_om.jobs set is_delivered = true where id = %(job)s"


async def load_job(
    database: Database,
    operation: str,
    chunks: AsyncIterable[Sequence[Entry]],
    *,
    target: str,
    job_id: UUID | None = None,
    window: int = CHUNK,
    then: Callable[[Connection, UUID], Awaitable[object]] | None = None,
) -> UUID:
    """Load a manifest for the workers of this host; returns the job's id. They find its chunks by their next sweep.

    `target`: the base URL of the environment; workers of another one never get its chunks. With the id of a job that
    exists its manifest is replaced, and orders that are known keep their row and its state. `window`: rows in a chunk,
    at least 50, so that a wrong account is noticed before the refusals of a chunk are recorded. `then` is awaited with
    the connection and the job's id, in the transaction. Raises `JournalError`; then nothing was loaded.
    """
    identity = await _identity(database, job_id or uuid4(), operation, window)
    job = UUID(identity.job_id)

    async def deliver(connection: Connection) -> None:
        await bind(connection, {"job": job}, target)
        await connection.execute(_DELIVER, {"job": job})
        if then is not None:
            await then(connection, job)

    await PostgresJournal(database, identity).load(chunks, then=deliver)
    return job


async def _identity(database: Database, job_id: UUID, operation: str, window: int) -> Identity:
    for known in await read_jobs(database, job_id):
        if known.identity.operation != operation:
            raise JournalMismatchError(f"job {job_id} is one of {known.identity.operation}, not of {operation}")
        return known.identity
    return Identity(str(job_id), operation, window)

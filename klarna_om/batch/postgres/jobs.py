"""The jobs that a database has, and how far each is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import frozen

from klarna_om.batch.journal import Identity
from klarna_om.batch.postgres.database import Connection, Database
from klarna_om.batch.postgres.lines import totals_of
from klarna_om.batch.totals import Totals

_JOBS = """
select id, operation, window_size, target, created_at from klarna_om.jobs
where %(job)s::uuid is null or id = %(job)s order by created_at, id"""

_STATES = """
select job, state, sum(rows)::bigint from klarna_om.counts
where %(job)s::uuid is null or job = %(job)s group by job, state having sum(rows) <> 0"""

_PROBLEMS = """
select job, coalesce(problem, ''), count(*) from klarna_om.lines
where %(job)s::uuid is null or job = %(job)s group by job, problem"""

_WORKERS = """
select job, worker, count(*), max(lease_until) from klarna_om.chunks
where lease_until > clock_timestamp() and (%(job)s::uuid is null or job = %(job)s) group by job, worker"""


@frozen
class Lease:
    """A worker that has chunks of a job."""

    worker: UUID
    chunks: int
    until: datetime
    """When it is taken for dead, unless it renews them."""


@frozen
class JobProgress:
    """A job and how far it is."""

    identity: Identity
    target: str
    """Where its calls go; empty until it is known."""
    created_at: datetime
    totals: Totals
    workers: Sequence[Lease] = ()


async def read_jobs(database: Database, job_id: UUID | None = None) -> list[JobProgress]:
    """All jobs, the oldest first, or the one with this id."""
    values = {"job": job_id}

    async def read(connection: Connection) -> list[JobProgress]:
        jobs = await (await connection.execute(_JOBS.encode(), values)).fetchall()
        states = await _grouped(connection, _STATES, values)
        problems = await _grouped(connection, _PROBLEMS, values)
        leases = await (await connection.execute(_WORKERS.encode(), values)).fetchall()
        return [
            JobProgress(
                Identity(str(found), operation, window),
                target,
                created_at,
                totals_of(states.get(found, {}), problems.get(found, {})),
                [Lease(*facts) for job, *facts in leases if job == found],
            )
            for found, operation, window, target, created_at in jobs
        ]

    return await database.run(read)


async def _grouped(connection: Connection, query: str, values: dict[str, Any]) -> dict[UUID, dict[str, int]]:
    grouped: dict[UUID, dict[str, int]] = {}
    for job, name, count in await (await connection.execute(query.encode(), values)).fetchall():
        grouped.setdefault(job, {})[name] = count
    return grouped

"""The chunks that somebody must work on: rows of them are open, and no worker has them."""

from uuid import UUID

from klarna_om.batch.postgres.database import Connection
from klarna_om.engines.message import Message, chunk_message

_OPEN_CHUNKS = """
select j.id, c.chunk, j.window_size
from klarna_om.jobs as j
cross join lateral (
    select distinct (r.row - 1) / j.window_size as chunk from klarna_om.rows as r
    where r.job = j.id and r.state in ('pending', 'unknown') and r.line is not null
        and (r.due_at is null or r.due_at <= clock_timestamp())
) as c
left join klarna_om.chunks as k on k.job = j.id and k.chunk = c.chunk
where j.is_delivered and j.target = %(target)s and (%(job)s::uuid is null or j.id = %(job)s)
    and (k.lease_until is null or k.lease_until <= clock_timestamp())
order by j.created_at, j.id, c.chunk"""


async def read_open_chunks(connection: Connection, target: str, job: UUID | None = None) -> list[Message]:
    """The open chunks of the jobs that are delivered to workers for this host, or of one job."""
    found = await (await connection.execute(_OPEN_CHUNKS.encode(), {"target": target, "job": job})).fetchall()
    return [chunk_message(*chunk) for chunk in found]

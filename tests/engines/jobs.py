"""Jobs that are submitted for a sandbox."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from klarna_om.batch.postgres import Database, read_jobs
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.totals import Totals
from klarna_om.engines.message import Message
from klarna_om.engines.procrastinate import queue_of, submit
from klarna_om.sandbox import Sandbox

CHUNK = 10

ACKNOWLEDGE = "orders.acknowledge"


def orders(sandbox: Sandbox, count: int) -> list[str]:
    """The ids of new orders."""
    return [sandbox.order().order_id or "" for _ in range(count)]


async def submit_rows(
    database: Database, sandbox: Sandbox, rows: Iterable[object], operation: str = ACKNOWLEDGE, **options: Any
) -> UUID:
    """Submit a job for the workers of the sandbox."""
    options = {"target": sandbox.url, "window": CHUNK, **options}
    return await submit(database, operation, read_rows(rows, RowParser(operation)), **options)


def chunk(job: UUID, number: int) -> Message:
    """The message of a chunk, from 0."""
    return Message(job, number * CHUNK + 1, (number + 1) * CHUNK)


async def totals(database: Database, job: UUID) -> Totals:
    """How far a job is."""
    (found,) = await read_jobs(database, job)
    return found.totals


async def messages(database: Database, sandbox: Sandbox, status: str = "todo") -> list[dict[str, Any]]:
    """The messages of the sandbox's queue."""

    async def read(connection: Any) -> list[dict[str, Any]]:
        query = "select args from procrastinate_jobs where queue_name = %s and status::text = %s order by id"
        return [args for (args,) in await (await connection.execute(query, [queue_of(sandbox.url), status])).fetchall()]

    return await database.run(read)


async def execute(database: Database, statement: str, *values: object) -> None:
    """Change the database by hand."""
    await database.run(lambda connection: connection.execute(statement.encode(), values))


def acknowledged(sandbox: Sandbox, order_ids: Iterable[str]) -> list[int]:
    """How often each order was acknowledged."""
    return [sandbox.effects(order_id, ACKNOWLEDGE) for order_id in order_ids]

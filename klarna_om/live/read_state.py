"""Reads the state of the jobs in one short transaction that writes nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from klarna_om.batch.postgres.database import Connection, Database
from klarna_om.batch.totals import Totals
from klarna_om.live import statements
from klarna_om.live.state import Allowed, Chunk, Code, Item, JobState, Pace, State

JOBS = 20
"""That are shown."""

CHUNKS = 200

CODES = 12

ITEMS = 50
"""Of what needs a person."""


async def read_state(database: Database) -> State:
    """The state now. Raises `JournalError` while the database is away."""
    return await database.run(_read)


async def _read(connection: Connection) -> State:
    await connection.execute(statements.ONE_SNAPSHOT)
    await connection.execute(statements.SHORT)
    found = await _fetch(connection, statements.JOBS, limit=JOBS)
    jobs = [row[0] for row in found]
    limits = {job: Allowed(rate, ceiling) for job, ceiling, rate in await _fetch(connection, statements.LIMITS, jobs)}
    rows = await _fetch(connection, statements.ROWS, jobs, ITEMS)
    lines = await _fetch(connection, statements.LINES, jobs, ITEMS)
    codes = await _fetch(connection, statements.CODES, jobs, CODES)
    return State(
        jobs=[_job(row, limits.get(row[0])) for row in found],
        running=found[0][-2] if found else 0,
        all_jobs=found[0][-1] if found else 0,
        chunks=[Chunk(*chunk) for chunk in await _fetch(connection, statements.CHUNKS, jobs, CHUNKS)],
        paces=await _paces(connection),
        codes=[Code(outcome, status or None, code, count) for outcome, status, code, count in codes],
        items=[Item(*item) for item in (*rows, *lines)][:ITEMS],
        unusable=dict(await _fetch(connection, statements.LINE_COUNTS, jobs)),
    )


def _job(row: Sequence[Any], limit: Allowed | None) -> JobState:
    job, operation, target, created_at, *counts, requests, _, _ = row
    done, refused, unknown, escalated, pending = counts
    totals = Totals(done, refused, unknown, escalated, pending)
    return JobState(job, operation, target, created_at, totals, requests, limit)


async def _paces(connection: Connection) -> list[Pace]:
    ((has_pace,),) = await _fetch(connection, statements.HAS_PACE)
    found = await _fetch(connection, statements.PACES) if has_pace else []
    return [Pace(Allowed(rate, ceiling), held) for rate, ceiling, held in found]


async def _fetch(connection: Connection, query: str, jobs: Sequence[UUID] = (), limit: int | None = None) -> list[Any]:
    values = {"jobs": list(jobs), "limit": limit}
    named = {name: value for name, value in values.items() if f"%({name})s" in query}
    return await (await connection.execute(query.encode(), named or None)).fetchall()

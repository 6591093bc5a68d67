"""Loads a manifest into the tables of PostgreSQL, all of it or nothing. The rules are those of `manifest_loader`.

The lines are copied to a temporary table first, so that the job is locked only while the rows are compared.
"""

import inspect
from collections.abc import AsyncIterable, Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import Hook, Identity
from klarna_om.batch.postgres import statements
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.postgres.deadlocks import repeat_after_deadlock
from klarna_om.batch.postgres.text import without_nul

_INCOMING = """
create temp table incoming (line integer, order_id text, reference text, capture_id text, body text, columns text,
    problem text, text text, detail text) on commit drop"""

_COPY = "copy incoming from stdin"

_ANALYZE_INCOMING = "analyze incoming"

_SAME_REQUEST = "({0}.body is not distinct from {1}.body and {0}.capture_id is not distinct from {1}.capture_id)"

_CONFLICTS_WITH_ROWS = f"""
update incoming as i set problem = 'conflict', detail = 'its request differs from the one that may have been sent under'
    || ' the reference ' || r.reference || ' (' || r.state || '), and its key stands for that one: give a new request a'
    || ' reference of its own'
from klarna_om.rows as r
where r.job = %(job)s and r.order_id = i.order_id and r.reference = i.reference and i.problem is null
    and not {_SAME_REQUEST.format("i", "r")}
    and (r.state <> 'pending' or exists (
        select from klarna_om.chunks as c where c.job = r.job and c.chunk = (r.row - 1) / %(window)s
            and (c.first_used_at is not null or c.lease_until > clock_timestamp())))"""

_CONFLICTS_WITH_LINES = f"""
update incoming as i set problem = 'conflict', detail = 'line ' || f.line || ' has another request under the reference '
    || i.reference || ': give each a reference of its own'
from (select order_id, reference, min(line) as line from incoming
      where order_id is not null and problem is null group by order_id, reference) as firsts
join incoming as f on f.line = firsts.line
where i.order_id = firsts.order_id and i.reference = firsts.reference and i.line > firsts.line
    and i.problem is null and not {_SAME_REQUEST.format("i", "f")}"""

_FIRSTS = """
create temp table firsts on commit drop as
    select distinct on (order_id, reference) order_id, reference, line, capture_id, body from incoming
    where order_id is not null and problem is null order by order_id, reference, line"""

_ANALYZE_FIRSTS = "analyze firsts"

_FORGET_ROWS = """
update klarna_om.rows as r set line = null
where job = %(job)s and line is not null
    and not exists (select from firsts as f where f.order_id = r.order_id and f.reference = r.reference)"""

_UPDATE_ROWS = """
update klarna_om.rows as r set line = f.line, body = f.body, capture_id = f.capture_id
from firsts as f
where r.job = %(job)s and r.order_id = f.order_id and r.reference = f.reference
    and (r.line, r.body, r.capture_id) is distinct from (f.line, f.body, f.capture_id)"""

# New writes begin a new window: an old window's stamp means that every row in it may have been sent.
_INSERT_ROWS = """
insert into klarna_om.rows (job, row, order_id, reference, capture_id, body, line)
select %(job)s, %(base)s + row_number() over (order by f.line), f.order_id, f.reference, f.capture_id, f.body, f.line
from firsts as f
where not exists (select from klarna_om.rows as r
                  where r.job = %(job)s and r.order_id = f.order_id and r.reference = f.reference)
order by f.line"""

_REPLACE_LINES = (
    "delete from klarna_om.lines where job = %(job)s",
    """
insert into klarna_om.lines (job, line, order_id, reference, capture_id, columns, problem, text, detail)
select %(job)s, line, order_id, reference, capture_id, columns::json, problem, text, detail from incoming""",
    "update klarna_om.jobs set columns = %(names)s where id = %(job)s",
)

ANALYZE = "analyze klarna_om.rows, klarna_om.lines, klarna_om.chunks"
"""After a load: without it PostgreSQL reads all rows to record a result."""


async def load_manifest(
    connection: Connection, identity: Identity, chunks: AsyncIterable[Sequence[Entry]], then: Hook | None
) -> None:
    """Replace the manifest in the caller's transaction, in which `then` is called too."""
    values: dict[str, Any] = {"job": UUID(identity.job_id), "window": identity.window}
    job = {"operation": identity.operation, **values}
    await _execute(connection, (statements.ENSURE_JOB, _INCOMING), job)
    names = await _copy(connection, chunks)
    await _execute(connection, (_ANALYZE_INCOMING, statements.LOCK_JOB), values)
    cursor = await connection.execute(statements.LAST_ROW.encode(), values)
    (last,) = await cursor.fetchone() or (0,)
    base = -(-last // identity.window) * identity.window
    merge = partial(_merge, connection, {**values, "base": base, "names": names}, has_rows=last > 0)
    await repeat_after_deadlock(connection, merge)
    if then is not None and inspect.isawaitable(waiting := then(connection)):
        await waiting


async def _copy(connection: Connection, chunks: AsyncIterable[Sequence[Entry]]) -> list[str]:
    """Copy the lines into the temporary table; returns the names of the shop's own columns."""
    names: dict[str, None] = {}
    async with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
        async for chunk in chunks:
            for values in _values(chunk):
                await copy.write_row(values)
            for entry in chunk:
                names.update(dict.fromkeys(entry.columns))
    return without_nul([*names])


async def _merge(connection: Connection, values: dict[str, Any], *, has_rows: bool) -> None:
    conflicts = (_CONFLICTS_WITH_ROWS,) * has_rows + (_CONFLICTS_WITH_LINES,)
    updates = (_FORGET_ROWS, _UPDATE_ROWS) * has_rows
    await _execute(connection, (*conflicts, _FIRSTS, _ANALYZE_FIRSTS, *updates, _INSERT_ROWS, *_REPLACE_LINES), values)


async def _execute(connection: Connection, scripts: Sequence[str], values: dict[str, Any]) -> None:
    for script in scripts:
        named = {name: value for name, value in values.items() if f"%({name})s" in script}
        await connection.execute(script.encode(), named or None)


def _values(chunk: Sequence[Entry]) -> Iterator[tuple[Any, ...]]:
    for entry in chunk:
        yield (
            entry.line,
            entry.order_id,
            without_nul(entry.reference),
            without_nul(entry.capture_id),
            without_nul(entry.body),
            _encode(without_nul(dict(entry.columns))).decode() if entry.columns else None,
            entry.problem and entry.problem.value,
            without_nul(entry.text) or None,
            without_nul(entry.detail) or None,
        )


_encode = msgspec.json.Encoder().encode

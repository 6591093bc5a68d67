"""A job in numbers, from its journal in PostgreSQL: all of it is counted there, so that a million rows stay there."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from klarna_om.batch.activity import Minute, Window, find_windows, make_stretch
from klarna_om.batch.job_facts import Group, JobFacts, Limit, Stretch
from klarna_om.batch.postgres.database import Connection

# All the numbers are of one moment, also while the job runs.
_ONE_SNAPSHOT = "set transaction isolation level repeatable read, read only"

_JOB = "select target, created_at from klarna_om.jobs where id = %(job)s"

_LIMITS = "select recorded_at, ceiling, rate from klarna_om.limits where job = %(job)s order by recorded_at"

_FIRST_AND_LAST = """
select min(started_at), max(finished_at), coalesce(sum(attempts), 0)::bigint from klarna_om.rows
where job = %(job)s and line is not null"""

# What ended alike, the largest group first, with the first lines of each.
_GROUPS = """
select outcome, status, error_code, total, line from (
    select outcome, status, error_code, line,
        count(*) over (partition by outcome, status, error_code) as total,
        row_number() over (partition by outcome, status, error_code order by line) as number
    from (
        select state as outcome, status, error_code, line from klarna_om.rows
        where job = %(job)s and state in ('refused', 'unknown', 'escalated') and line is not null
        union all select problem, null, null, line from klarna_om.lines
        where job = %(job)s and problem in ('malformed', 'conflict')
    ) as alike
) as numbered where number <= %(lines)s
order by total desc, outcome collate "C", status nulls first, error_code collate "C" nulls first, line
limit %(limit)s"""

# To three digits, so that there are at most some thousand different ones.
_DURATIONS = """
select case when ms < 1000 then ms when ms < 10000 then ms / 10 * 10 when ms < 100000 then ms / 100 * 100
    when ms < 1000000 then ms / 1000 * 1000 when ms < 10000000 then ms / 10000 * 10000
    else ms / 100000 * 100000 end as duration, count(*)
from (
    select greatest(0, round(extract(epoch from finished_at - started_at) * 1000)::bigint) as ms
    from klarna_om.rows
    where job = %(job)s and state in ('done', 'refused') and line is not null and started_at is not null
) as settled group by duration order by duration"""

_MINUTES = """
select min(finished_at), max(finished_at), sum(attempts)::bigint from klarna_om.rows
where job = %(job)s and line is not null and finished_at is not null
group by date_trunc('minute', finished_at, 'UTC') order by 1"""

_BINS = """
select state, floor(extract(epoch from finished_at - %(start)s) / %(width)s)::integer as bin, sum(attempts)::bigint
from klarna_om.rows where job = %(job)s and line is not null and finished_at between %(start)s and %(end)s
group by state, bin"""


async def read_facts(connection: Connection, job: dict[str, Any], groups: int, lines: int) -> JobFacts:
    """The facts, with at most so many groups, and lines of each; the first statements of the caller's transaction."""
    await connection.execute(_ONE_SNAPSHOT)
    ((target, created_at),) = await _fetch(connection, _JOB, job)
    limits = await _fetch(connection, _LIMITS, job)
    ((first, last, requests),) = await _fetch(connection, _FIRST_AND_LAST, job)
    minutes = [Minute(_utc(begin), _utc(end), count) for begin, end, count in await _fetch(connection, _MINUTES, job)]
    alike = await _fetch(connection, _GROUPS, {**job, "lines": lines, "limit": groups * lines})
    return JobFacts(
        target=target,
        created_at=_utc(created_at),
        first_call=first and _utc(first),
        last_result=last and _utc(last),
        requests=requests,
        groups=_group(alike)[:groups],
        durations=await _fetch(connection, _DURATIONS, job),
        stretches=[await _stretch(connection, job, window) for window in find_windows(minutes)],
        limits=[Limit(_utc(at), *rates) for at, *rates in limits],
    )


def _group(alike: Iterable[Any]) -> list[Group]:
    made: list[Group] = []
    for (outcome, status, error_code, count), members in groupby(alike, lambda row: row[:4]):
        made.append(Group(outcome, status, error_code, count, tuple(line for *_, line in members)))
    return made


async def _stretch(connection: Connection, job: dict[str, Any], window: Window) -> Stretch:
    return make_stretch(window, await _fetch(connection, _BINS, {**job, **window._asdict()}))


async def _fetch(connection: Connection, query: str, values: dict[str, Any]) -> list[Any]:
    return await (await connection.execute(query.encode(), values)).fetchall()


def _utc(moment: datetime) -> datetime:
    """The database answers in the session's time zone."""
    return moment.astimezone(UTC)

"""What a reading of a real PostgreSQL says, and that it is cheap however many rows there are."""

from uuid import uuid4

import psycopg
import pytest

from klarna_om.batch.job_facts import Limit
from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.states import State as RowState
from klarna_om.batch.totals import Totals
from klarna_om.live import statements
from klarna_om.live.read_state import CHUNKS, CODES, ITEMS, JOBS, read_state
from klarna_om.live.state import Allowed, Code, State
from klarna_om.pace.postgres import schema_sql
from tests.batch.fake_sender import order_id
from tests.batch.jobs import START, load
from tests.live.jobs import CAPTURE, HOST, SCRIPT, execute, fill, hold, result, row
from tests.support.postgres import new_database

MANY = 8_000

MANY_ROWS = f"""
insert into klarna_om.jobs (id, operation, window_size) select gen_random_uuid(), 'captures.create', 200
from generate_series(1, 4);
insert into klarna_om.rows (job, row, order_id, reference, line, state, status, error_code, finished_at)
select id, n, n::text, '', n,
    case when n % 1000 = 0 then 'refused' when n > {MANY} * 0.9 then 'pending' else 'done' end,
    403, case when n % 1000 = 0 then 'CODE' end, now()
from klarna_om.jobs, generate_series(1, {MANY}) as n;
insert into klarna_om.lines (job, line, order_id, reference, problem)
select id, n, n::text, '', case when n % 1000 = 0 then 'malformed' end
from klarna_om.jobs, generate_series(1, {MANY}) as n;
insert into klarna_om.chunks (job, chunk, worker, lease_until)
select id, n, gen_random_uuid(), case when n > 30 then now() + interval '1 min' * (n - 35) else '-infinity' end
from klarna_om.jobs, generate_series(0, 39) as n;
analyze"""


async def test_an_empty_database_has_nothing_to_show(database: Database) -> None:
    assert await read_state(database) == State(jobs=[], chunks=[], paces=[], codes=[], items=[])


async def test_a_job_is_counted(database: Database, journal: PostgresJournal) -> None:
    await fill(journal)

    state = await read_state(database)

    (job,) = state.jobs
    assert (str(job.job), job.operation, job.target) == (journal.identity.job_id, CAPTURE, HOST)
    assert job.totals == Totals(done=2, refused=2, unknown=1, escalated=1, pending=4)
    assert (job.requests, job.open, job.limit) == (12, 5, None)
    assert (state.running, state.all_jobs) == (1, 1)
    assert state.unusable == {"malformed": 1, "conflict": 1}


async def test_outcomes_are_grouped_by_code(database: Database, journal: PostgresJournal) -> None:
    await fill(journal)

    state = await read_state(database)

    assert state.codes == [
        Code("refused", 403, "CAPTURE_NOT_ALLOWED", 2),
        Code("escalated", 502, "", 1),
        Code("unknown", None, "", 1),
    ]


async def test_what_needs_a_person_is_listed_the_most_urgent_first(
    database: Database, journal: PostgresJournal
) -> None:
    await fill(journal)

    items = (await read_state(database)).items

    assert [(item.outcome, item.line) for item in items] == [
        ("escalated", 5),
        ("refused", 4),
        ("refused", 3),
        ("malformed", 11),
        ("conflict", 12),
    ]
    first, _, third, malformed, _ = items
    assert (first.order, first.reference, first.status) == (order_id(5), "shipment-5", 502)
    assert (first.idempotency_key, first.correlation_id) == ("key-5", "correlation-5")
    assert (third.error_code, third.detail) == ("CAPTURE_NOT_ALLOWED", "403: not possible")
    assert malformed.order == SCRIPT


async def test_a_million_things_to_do_are_a_short_list(database: Database, journal: PostgresJournal) -> None:
    await load(journal, [*(row(n) for n in range(1, 81)), *(["nonsense"] * 80)])
    for number in range(1, 81):
        await journal.record(result(number, RowState.REFUSED, status=400, error_code=f"CODE_{number}"))

    state = await read_state(database)

    assert [item.line for item in state.items] == [*range(80, 80 - ITEMS, -1)]
    assert len(state.codes) == CODES
    assert state.unusable == {"malformed": 80}


async def test_running_jobs_come_first_and_others_are_counted(database: Database, journal: PostgresJournal) -> None:
    await load(journal, [row(1)])
    await execute(
        database,
        "with j as (insert into klarna_om.jobs (id, operation, window_size)"
        f" select gen_random_uuid(), 'orders.cancel', 10 from generate_series(1, {JOBS + 5}) returning id)"
        " insert into klarna_om.rows (job, row, order_id, reference, line, state)"
        " select id, 1, 'a', '', 1, 'done' from j",
    )

    state = await read_state(database)

    assert (len(state.jobs), state.running, state.all_jobs) == (JOBS, 1, JOBS + 6)
    assert str(state.jobs[0].job) == journal.identity.job_id


async def test_a_lost_chunk_is_shown_until_it_is_settled_or_taken_over(
    database: Database, journal: PostgresJournal
) -> None:
    await load(journal, [row(n) for n in range(1, 41)])
    live = await hold(database, journal, 0, 20)
    for number in range(1, 11):  # it has done them all, and not released its lease yet
        await journal.record(result(number, RowState.DONE))
    lost = await hold(database, journal, 1, -30)
    await hold(database, journal, 2, -30)
    for number in range(21, 31):
        await journal.record(result(number, RowState.DONE))
    await journal.lease([3], START, uuid4(), 20.0)
    await journal.release([3])

    first, second = (await read_state(database)).chunks

    assert (first.worker, first.number, second.worker, second.number) == (lost, 1, live, 0)
    assert -60 < first.seconds < -29
    assert 0 < second.seconds <= 20


async def test_the_limit_that_a_job_has_recorded_last_counts(database: Database, journal: PostgresJournal) -> None:
    await load(journal, [row(1)])
    await journal.record_limit(Limit(START, 190.0, 190.0))
    await journal.record_limit(Limit(START.replace(hour=13), 190.0, 161.5))

    (job,) = (await read_state(database)).jobs

    assert job.limit == Allowed(161.5, 190.0)


async def test_the_pace_of_many_machines_is_read_while_it_is_used(database: Database) -> None:
    await execute(database, schema_sql())
    insert = (
        "insert into klarna_om.pace (name, live, batch, held_until, per_second, rate) select %s, now - %s, 0, now + 5,"
        " 161.5, '{200,1,0.85,1,1,1,0,0,0}' from (select extract(epoch from clock_timestamp())::float8 as now) as clock"
    )
    await execute(database, insert, "used", 1)
    await execute(database, insert, "unused", 100)

    (pace,) = (await read_state(database)).paces

    assert pace.allowed == Allowed(161.5, 200.0)
    assert 0 < pace.held <= 5


async def test_a_database_without_tables_is_an_error_of_the_journal(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn, pytest.raises(JournalError, match="db init"):
        async with Database.connect(dsn):
            pass


async def test_a_reading_cannot_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "HAS_PACE", "delete from klarna_om.jobs returning true")

    with pytest.raises(JournalError, match="read-only transaction"):
        await read_state(database)


def test_no_statement_reads_all_rows(dsn: str) -> None:
    names = ("JOBS", "LIMITS", "CHUNKS", "CODES", "ROWS", "LINES", "LINE_COUNTS")
    plans: dict[str, str] = {}

    with psycopg.Connection[tuple[str]].connect(dsn) as connection:
        connection.execute(MANY_ROWS.encode())
        jobs = [job for (job,) in connection.execute("select id from klarna_om.jobs").fetchall()]
        values = {"jobs": jobs, "limit": max(JOBS, CHUNKS, ITEMS)}
        for name in names:
            statement = getattr(statements, name)
            named = {key: value for key, value in values.items() if f"%({key})s" in statement}
            found = connection.execute(f"explain {statement}".encode(), named).fetchall()
            plans[name] = "\n".join(line for (line,) in found)

    assert [name for name in names if "Seq Scan on rows" in plans[name] or "Seq Scan on lines" in plans[name]] == []
    assert "rows_for_a_person" in plans["ROWS"]

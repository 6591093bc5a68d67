"""The counts that triggers keep are those of the rows, whatever happens to these."""

from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from klarna_om.batch.journal import RowResult
from klarna_om.batch.postgres import PostgresJournal
from klarna_om.batch.postgres.migrations import upgrade
from klarna_om.batch.postgres.schema import MIGRATIONS
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_ids
from tests.batch.jobs import START, load
from tests.support.postgres import new_database

KEPT = """
select state, status, error_code, sum(rows)::int, sum(requests)::int from klarna_om.counts where job = %s
group by 1, 2, 3 having sum(rows) <> 0 or sum(requests) <> 0 order by 1, 2, 3"""

COUNTED = """
select state, coalesce(status, 0), left(coalesce(error_code, ''), 200), count(*)::int, sum(attempts)::int
from klarna_om.rows where job = %s and line is not null group by 1, 2, 3 order by 1, 2, 3"""

LONG = "X" * 10_000


def counts(dsn: str, journal: PostgresJournal, query: str = KEPT) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode(), [journal.identity.job_id]).fetchall()


async def record(journal: PostgresJournal, results: Iterable[tuple[State, int | None, str | None]]) -> None:
    for row, (state, status, code) in enumerate(results, 1):
        await journal.record(RowResult(row, state, status, code, attempts=row, started=START, finished=START))


async def test_results_are_counted_by_state_and_code(journal: PostgresJournal, journals: str) -> None:
    await load(journal, order_ids(5))

    await record(journal, [(State.DONE, 204, None), (State.REFUSED, 403, "NOT_ALLOWED"), (State.UNKNOWN, None, None)])

    assert counts(journals, journal) == [
        ("done", 204, "", 1, 1),
        ("pending", 0, "", 2, 0),
        ("refused", 403, "NOT_ALLOWED", 1, 2),
        ("unknown", 0, "", 1, 3),
    ]


async def test_a_long_error_code_is_recorded_and_counted_by_its_beginning(
    journal: PostgresJournal, journals: str
) -> None:
    await load(journal, order_ids(1))

    await record(journal, [(State.REFUSED, 400, LONG)])

    assert counts(journals, journal) == [("refused", 400, LONG[:200], 1, 1)]


async def test_the_counts_stay_right_through_retries_and_other_manifests(
    journal: PostgresJournal, journals: str
) -> None:
    await load(journal, order_ids(6))
    await record(journal, [(State.DONE, 204, None), (State.REFUSED, 403, "A"), (State.UNKNOWN, 503, "B")] * 2)

    await journal.retry(refused=True, unknown=False, code="A")
    await load(journal, order_ids(8)[2:])
    await journal.postpone([3], START)

    assert counts(journals, journal) == counts(journals, journal, COUNTED) != []


async def test_rows_that_are_deleted_are_counted_no_more(journal: PostgresJournal, journals: str) -> None:
    await load(journal, order_ids(3))

    with psycopg.connect(journals) as connection:
        connection.execute("delete from klarna_om.rows where job = %s and row < 3", [journal.identity.job_id])

    assert counts(journals, journal) == [("pending", 0, "", 1, 0)]


async def test_a_database_of_an_older_release_gets_its_counts(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn:
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            await upgrade(connection, {1: MIGRATIONS[1]})
            await connection.execute(
                "insert into klarna_om.rows (job, row, order_id, reference, line, state, attempts)"
                " select gen_random_uuid(), n, n::text, '', n, 'done', 2 from generate_series(1, 3) as n"
            )
            await upgrade(connection)
            cursor = await connection.execute("select state, sum(rows), sum(requests) from klarna_om.counts group by 1")

            assert await cursor.fetchall() == [("done", 3, 6)]


async def test_who_may_write_rows_needs_no_right_on_the_counts(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn, psycopg.connect(dsn) as connection:
        for script in MIGRATIONS.values():
            connection.execute(f"create schema if not exists klarna_om; {script}".encode())
        connection.execute("create role klarna_om_writer")
        try:
            connection.execute("grant usage on schema klarna_om to klarna_om_writer")
            connection.execute("grant insert on klarna_om.rows to klarna_om_writer")
            connection.execute("set role klarna_om_writer")
            connection.execute(
                "insert into klarna_om.rows (job, row, order_id, reference, line)"
                " values (gen_random_uuid(), 1, 'a', '', 1)"
            )
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute("select * from klarna_om.counts")
        finally:
            connection.rollback()  # of the role too

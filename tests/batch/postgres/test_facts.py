"""The facts of a job in PostgreSQL, whatever happens meanwhile and wherever the database is."""

import asyncio
from datetime import UTC, timedelta
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from klarna_om.batch.job_facts import Limit
from klarna_om.batch.journal import RowResult
from klarna_om.batch.postgres import PostgresJournal
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_ids
from tests.batch.jobs import START, load

LIMIT = Limit(START, 190.0, 161.5)

WAITERS = b"select count(*) from pg_locks where not granted and relation = 'klarna_om.limits'::regclass"


async def wait_for_waiter(connection: psycopg.AsyncConnection[tuple[int]]) -> None:
    while (await (await connection.execute(WAITERS)).fetchone()) == (0,):
        await asyncio.sleep(0.01)


async def test_all_numbers_are_of_one_moment(journal: PostgresJournal, journals: str) -> None:
    await load(journal, order_ids(2))
    await journal.record(RowResult(1, State.DONE, attempts=1, started=START, finished=START))

    async with await psycopg.AsyncConnection[tuple[int]].connect(journals) as other:
        await other.execute("lock table klarna_om.limits in access exclusive mode")
        reading = asyncio.create_task(journal.facts(10, 10))
        await wait_for_waiter(other)
        await journal.record(RowResult(2, State.REFUSED, attempts=4, started=START, finished=START))
    facts = await reading

    assert (facts.requests, list(facts.groups), list(facts.durations)) == (1, [], [(0, 1)])


async def test_times_are_utc_whatever_the_time_zone_of_the_database(journal: PostgresJournal, journals: str) -> None:
    await load(journal, order_ids(2))
    await journal.record(RowResult(1, State.DONE, started=START, finished=START + timedelta(seconds=1), attempts=1))
    await journal.record_limit(LIMIT)
    there = make_conninfo(journals, options="-c timezone=Asia/Kolkata")

    async with PostgresJournal.open_to_read(there, UUID(journal.identity.job_id)) as reader:
        facts = await reader.facts(10, 10)

    (stretch,), (limit,) = facts.stretches, facts.limits
    moments = [facts.created_at, facts.first_call, facts.last_result, stretch.start, limit.at]
    assert {moment and moment.tzinfo for moment in moments} == {UTC}


async def test_a_limit_that_is_recorded_again_is_one(journal: PostgresJournal) -> None:
    await journal.record_limit(LIMIT)
    await journal.record_limit(LIMIT)

    assert list((await journal.facts(1, 1)).limits) == [LIMIT]

"""A job whose journal is in PostgreSQL."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from klarna_om.batch.entry import Entry, Problem
from klarna_om.batch.journal import JournalError, JournalMismatchError, RowResult
from klarna_om.batch.postgres import Database, PostgresJournal, read_jobs
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.runner import run_chunk
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import FakeSender, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import START, Time, lines, load, make_job, run

PAGE = (
    "select row from klarna_om.rows where job = %s and state = 'pending' and line is not null"
    " and row between 1 and 10 order by row limit 10"
)
RESULTS = (
    "update klarna_om.rows as r set state = u.state from unnest(array[1, 2], array['done', 'done']) as u (row, state)"
    " where r.job = %s and r.row = u.row"
)


async def test_two_processes_share_a_job_and_call_each_order_once(
    journal: PostgresJournal, other: PostgresJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(200))

    await asyncio.gather(run(journal, sender), run(other, sender))

    assert await journal.counts() == Totals(done=200)
    assert len(sender.calls) == len(set(sender.calls)) == 200


async def test_a_job_goes_on_where_a_dead_worker_left_it(
    journal: PostgresJournal, other: PostgresJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(20))
    await journal.bind("https://klarna.example")
    await journal.claim(0, START, uuid4(), 20.0)

    assert not await run_chunk(make_job(other, sender, time), 1, 10)
    assert await run_chunk(make_job(other, sender, time), 11, 20)
    time.seconds += 21
    assert await run_chunk(make_job(other, sender, time), 1, 10)

    assert await journal.counts() == Totals(done=20)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_worker_whose_clock_is_an_hour_off_repeats_under_the_same_keys(
    ahead: timedelta, journals: str, job_id: UUID, sender: FakeSender
) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    async with PostgresJournal.open(journals, job_id) as dead, PostgresJournal.open(journals, job_id) as alive:
        await load(dead, order_ids(20))
        sender.failures[order_id(1)].append(no_answer_error())
        stopped = make_job(dead, sender, now=lambda: now() + ahead, in_flight=1)
        sender.on_call = lambda number: stopped.stop.request() if number == 5 else None
        assert not await run_chunk(stopped, 1, 20)

        assert await run_chunk(make_job(alive, sender, now=now), 1, 20)

        assert await alive.counts() == Totals(done=20)
    assert len(set(sender.keys_for(order_id(1)))) == 1
    assert set(sender.executed.values()) == {1}


async def test_a_row_that_another_worker_settled_meanwhile_is_not_called(
    journal: PostgresJournal, other: PostgresJournal, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def settle_and_lease(
        windows: Collection[int], now: datetime, worker: UUID, seconds: float
    ) -> Collection[int]:
        await other.record(RowResult(1, State.REFUSED, 403))
        return await PostgresJournal.lease(journal, windows, now, worker, seconds)

    await load(journal, order_ids(2))
    monkeypatch.setattr(journal, "lease", settle_and_lease)

    await run(journal, sender)

    assert [order for order, _ in sender.calls] == [order_id(2)]


async def test_a_worker_that_lost_its_lease_sends_nothing_more(
    journal: PostgresJournal, other: PostgresJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(10))
    job = make_job(journal, sender, time, in_flight=1)

    def lose_the_lease(number: int) -> None:
        if number == 3:
            journal.claims.leases.note(0, job.worker, -1.0, 0.0)

    sender.on_call = lose_the_lease

    assert not await run_chunk(job, 1, 10)
    assert len(sender.calls) == 3
    assert await other.counts() == Totals(done=3, pending=7)


async def test_a_delivery_leaves_the_minutes_of_klarnas_schedule_to_the_next_one(
    journal: PostgresJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].extend(no_answer_error() for _ in range(1000))

    assert not await run_chunk(make_job(journal, sender, time, is_redelivered=True), 1, 10)

    assert time.seconds < 300
    due = await journal.next_due(1, 10, time.now())
    assert due == time.now() + timedelta(minutes=5)


async def test_what_was_committed_twice_is_counted_once(journal: PostgresJournal) -> None:
    await load(journal, order_ids(1))
    result = RowResult(1, State.UNKNOWN, attempts=3, started=START, finished=START)

    await journal.record(result)
    await journal.record(result)

    (line,) = await lines(journal)
    assert (line.outcome, line.attempts, line.finished_at) == ("unknown", 3, "2026-11-23T12:00:00.000+00:00")


async def test_two_results_of_a_row_that_come_together_are_both_recorded(journal: PostgresJournal) -> None:
    await load(journal, order_ids(1))

    await asyncio.gather(*(journal.record(RowResult(1, State.UNKNOWN, attempts=2)) for _ in range(3)))

    (line,) = await lines(journal)
    assert line.attempts == 6


async def test_characters_that_postgresql_does_not_have_are_replaced(journal: PostgresJournal) -> None:
    rows = [{"order_id": order_id(1), "shop\0": ["a\0", {"b": "\0"}, 7]}]
    await journal.load(read_rows(rows, RowParser("orders.acknowledge")))
    await journal.record(RowResult(1, State.UNKNOWN, detail="no\0answer"))

    (line,) = await lines(journal)

    assert line.detail == "no\ufffdanswer"
    assert line.columns == {"shop\ufffd": ["a\ufffd", {"b": "\ufffd"}, 7]}
    assert await journal.column_names() == ["shop\ufffd"]


async def test_a_malformed_line_is_in_the_report_as_it_was_read(journal: PostgresJournal) -> None:
    entries = [Entry(1, None, Problem.BLANK), Entry(2, None, Problem.MALFORMED, "x\0y", "not an order id")]

    async def chunks() -> object:
        yield entries

    await journal.load(chunks())  # type: ignore[arg-type]

    assert [(line.order_id, line.outcome, line.detail) for line in await lines(journal)] == [
        ("", "blank", None),
        ("x\ufffdy", "malformed", "not an order id"),
    ]


async def test_questions_are_answered_as_from_a_file(journal: PostgresJournal, journals: str, job_id: UUID) -> None:
    rows = [{"order_id": order_id(n), "shop_order": f"A-{n}"} for n in (1, 2, 3)]
    await journal.load(read_rows(rows, RowParser("orders.acknowledge")))
    await journal.record(RowResult(2, State.REFUSED, 403, "NO", finished=START))

    async with PostgresJournal.open_to_read(journals, job_id) as reader:
        assert [line.line for line in await reader.find_lines("A-2")] == [2]
        assert [line.line for line in await reader.find_lines(order_id(3).upper())] == [3]
        assert [line.line for line in await reader.select_lines(("pending",), 1)] == [1]
        assert [line.line for line in await reader.select_lines(("refused", "pending"), 9, "NO")] == [2]
        assert await reader.last_result_at() == START
        assert (await reader.report_lines(1, 1))[0].columns == {"shop_order": "A-2"}


async def test_a_hook_of_its_own_connection_is_awaited_in_the_transaction(journal: PostgresJournal) -> None:
    async def count(connection: psycopg.AsyncConnection[object]) -> None:
        cursor = await connection.execute("select count(*) from klarna_om.rows where job = %s", [UUID(job)])
        seen.append(await cursor.fetchone())

    job, seen = journal.identity.job_id, list[object]()

    await journal.load(read_rows(order_ids(3), RowParser("orders.acknowledge")), then=count)

    assert seen == [(3,)]


async def test_a_job_belongs_to_one_operation(journal: PostgresJournal, journals: str, job_id: UUID) -> None:
    with pytest.raises(JournalMismatchError, match=r"a job of orders\.acknowledge, not of orders\.cancel"):
        async with PostgresJournal.open(journals, job_id, "orders.cancel"):
            pass


async def test_a_job_that_does_not_exist_is_named(journals: str) -> None:
    with pytest.raises(JournalError, match="has no job 3f6d5c1e"):
        async with PostgresJournal.open_to_read(journals, UUID("3f6d5c1e-4b8e-5a57-9a63-7c0f2e9b1d84")):
            pass


async def test_all_jobs_are_listed_with_their_progress_and_workers(
    journal: PostgresJournal, journals: str, job_id: UUID, sender: FakeSender
) -> None:
    await load(journal, [*order_ids(30), "", order_id(1)])
    sender.failures[order_id(3)].append(response_error(404))
    await run_chunk(make_job(journal, sender, keep_going=True), 1, 10)
    worker = uuid4()
    async with Database.connect(journals) as database:
        async with PostgresJournal.open(journals, job_id) as running:
            await running.claim(1, datetime.now().astimezone(), worker, 20.0)
            (listed,) = await read_jobs(database, job_id)
        everything = await read_jobs(database)

    assert listed in everything
    assert listed.identity == journal.identity
    assert listed.target == "https://klarna.example"
    assert listed.totals == Totals(done=9, refused=1, pending=20, duplicate=1, blank=1)
    assert [(lease.worker, lease.chunks) for lease in listed.workers] == [(worker, 1)]


async def test_rows_are_found_by_index_once_a_manifest_is_loaded(journal: PostgresJournal, journals: str) -> None:
    await load(journal, order_ids(5000))

    with psycopg.connect(journals, autocommit=True) as connection:
        for query in (PAGE, RESULTS):
            plan = str(connection.execute(f"explain {query}".encode(), [journal.identity.job_id]).fetchall())
            assert "Index" in plan
            assert "Seq Scan on rows" not in plan

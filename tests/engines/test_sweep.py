"""What was lost is delivered again: the journal knows which rows are open."""

import asyncio
import logging
from uuid import uuid4

import psycopg
import pytest

from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.engines.procrastinate import keep_sweeping, queue_of, sweep
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_ids
from tests.batch.jobs import START
from tests.engines.conftest import MakeRunner
from tests.engines.jobs import ACKNOWLEDGE, chunk, execute, messages, orders, submit_rows

FORGET = "delete from procrastinate_jobs where queue_name = %s"
TAKE = "update procrastinate_jobs set status = 'doing' where queue_name = %s"


async def test_a_message_that_is_lost_is_delivered_again(database: Database, sandbox: Sandbox) -> None:
    job = await submit_rows(database, sandbox, order_ids(15))
    await execute(database, FORGET, queue_of(sandbox.url))

    assert await sweep(database, sandbox.url) == 2

    assert await messages(database, sandbox) == [chunk(job, 0).encode(), chunk(job, 1).encode()]
    assert await sweep(database, sandbox.url) == 0


async def test_a_message_that_a_live_worker_never_ends_is_delivered_again(database: Database, sandbox: Sandbox) -> None:
    job = await submit_rows(database, sandbox, order_ids(5))
    await execute(database, TAKE, queue_of(sandbox.url))

    assert await sweep(database, sandbox.url) == 1

    assert await messages(database, sandbox) == [chunk(job, 0).encode()]


async def test_a_chunk_that_a_worker_has_is_left_to_it(database: Database, sandbox: Sandbox, journals: str) -> None:
    job = await submit_rows(database, sandbox, order_ids(15))
    await execute(database, FORGET, queue_of(sandbox.url))
    async with PostgresJournal.open(journals, job) as journal:
        await journal.claim(0, START, uuid4(), 20.0)

        assert await sweep(database, sandbox.url) == 1


async def test_a_chunk_that_is_through_is_not_delivered_again(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 12))
    await execute(database, FORGET, queue_of(sandbox.url))
    async with make_runner() as runner:
        await runner.run(chunk(job, 0))

    await sweep(database, sandbox.url)

    assert await messages(database, sandbox) == [chunk(job, 1).encode()]


async def test_a_row_that_is_postponed_is_delivered_when_it_is_due(database: Database, sandbox: Sandbox) -> None:
    job = await submit_rows(database, sandbox, order_ids(1))
    await execute(database, FORGET, queue_of(sandbox.url))
    postpone = "update klarna_om.rows set state = 'unknown', due_at = now() + %s::interval where job = %s"

    await execute(database, postpone, "5 minutes", job)
    assert await sweep(database, sandbox.url) == 0

    await execute(database, postpone, "-1 second", job)
    assert await sweep(database, sandbox.url) == 1


async def test_the_jobs_of_another_environment_and_of_a_program_are_left_alone(
    database: Database, sandbox: Sandbox, journals: str
) -> None:
    await submit_rows(database, sandbox, order_ids(5), target="https://api.klarna.example")
    async with PostgresJournal.open(journals) as journal:
        await journal.bind(sandbox.url)
        await journal.load(read_rows(order_ids(5), RowParser(ACKNOWLEDGE)))

    assert await sweep(database, sandbox.url) == 0


async def test_one_worker_sweeps_at_a_time(database: Database, sandbox: Sandbox, journals: str) -> None:
    await submit_rows(database, sandbox, order_ids(5))
    await execute(database, FORGET, queue_of(sandbox.url))

    async with await psycopg.AsyncConnection.connect(journals) as other:
        await other.execute("select pg_advisory_xact_lock(784903)")
        assert await sweep(database, sandbox.url) == 0

    assert await sweep(database, sandbox.url) == 1


@pytest.mark.parametrize(
    ("name", "away"),
    [
        ("table klarna_om.chunks", "table klarna_om.away"),
        ("function procrastinate_defer_jobs_v1", "function away"),
    ],
)
async def test_sweeps_go_on_after_a_failure_of_the_database(
    name: str, away: str, database: Database, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    await submit_rows(database, sandbox, order_ids(5))
    await execute(database, FORGET, queue_of(sandbox.url))
    await execute(database, f"alter {name} rename to away")
    slept: asyncio.Queue[float] = asyncio.Queue()
    ticks: asyncio.Queue[None] = asyncio.Queue()

    async def sleep(seconds: float) -> None:
        slept.put_nowait(seconds)
        await ticks.get()

    with caplog.at_level(logging.INFO, "klarna_om.engines"):
        async with keep_sweeping(database, sandbox.url, sleep=sleep):
            assert await slept.get() == 30.0
            await execute(database, f"alter {away} rename to {name.split('.')[-1].split()[-1]}")
            ticks.put_nowait(None)
            await slept.get()
            ticks.put_nowait(None)
            await slept.get()

    assert "open chunks could not be delivered again" in caplog.text
    assert caplog.text.count("1 chunks had open rows and no worker") == 1

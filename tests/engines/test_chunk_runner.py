"""A process runs the chunks that it is given, whatever delivers them."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from klarna_om import KlarnaClient, Unauthorized
from klarna_om.batch.fatal_errors import BatchStopped
from klarna_om.batch.journal import JournalMismatchError
from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.totals import Totals
from klarna_om.engines.message import Message
from klarna_om.engines.procrastinate import ChunkRunner
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_ids
from tests.engines.conftest import MakeRunner
from tests.engines.jobs import ACKNOWLEDGE, acknowledged, chunk, orders, submit_rows, totals


async def test_a_chunk_is_run_by_its_numbers(database: Database, sandbox: Sandbox, make_runner: MakeRunner) -> None:
    order_ids = orders(sandbox, 25)
    job = await submit_rows(database, sandbox, order_ids)

    async with make_runner() as runner:
        assert await runner.run(chunk(job, 1))

    assert acknowledged(sandbox, order_ids) == [0] * 10 + [1] * 10 + [0] * 5
    assert await totals(database, job) == Totals(done=10, pending=15)


async def test_a_chunk_that_is_delivered_twice_at_once_is_run_once(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 10))

    async with make_runner() as runner:
        both = await asyncio.gather(runner.run(chunk(job, 0)), runner.run(chunk(job, 0)))

    assert sorted(both) == [False, True]
    assert sandbox.request_count == 10


async def test_chunks_of_one_job_run_at_once(database: Database, sandbox: Sandbox, make_runner: MakeRunner) -> None:
    order_ids = orders(sandbox, 30)
    job = await submit_rows(database, sandbox, order_ids)

    async with make_runner() as runner:
        assert all(await asyncio.gather(*(runner.run(chunk(job, number)) for number in range(3))))

    assert acknowledged(sandbox, order_ids) == [1] * 30


async def test_a_process_works_on_many_jobs(database: Database, sandbox: Sandbox, make_runner: MakeRunner) -> None:
    jobs = [await submit_rows(database, sandbox, orders(sandbox, 3)) for _ in range(3)]

    async with make_runner() as runner:
        assert [await runner.run(chunk(job, 0)) for job in jobs] == [True] * 3

    assert [await totals(database, job) for job in jobs] == [Totals(done=3)] * 3


async def test_a_worker_for_another_environment_sends_nothing(database: Database, sandbox: Sandbox) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 3))

    async with Sandbox() as other, KlarnaClient(other.url, username="sandbox", password="sandbox") as klarna:
        async with ChunkRunner(client=klarna, database=database) as runner:
            with pytest.raises(JournalMismatchError, match=f"is for {sandbox.url}, and the calls .* go to {other.url}"):
                await runner.run(chunk(job, 0))
        assert other.request_count == 0


async def test_a_job_without_a_host_is_bound_by_its_first_worker(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner, journals: str
) -> None:
    async with PostgresJournal.open(journals, window=10) as journal:
        await journal.load(read_rows(orders(sandbox, 2), RowParser(ACKNOWLEDGE)))
        async with make_runner() as runner:
            assert await runner.run(chunk(UUID(journal.identity.job_id), 0))


async def test_wrong_credentials_stop_the_process_and_cost_no_order(database: Database, sandbox: Sandbox) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 3))

    async with (
        KlarnaClient(sandbox.url, username="sandbox", password="wrong") as klarna,
        ChunkRunner(client=klarna, database=database) as runner,
    ):
        with pytest.raises(Unauthorized):
            await runner.run(chunk(job, 0))
        assert isinstance(runner.fatal, Unauthorized)
        assert runner.stop.is_requested
        assert not await runner.run(chunk(job, 0))

    assert await totals(database, job) == Totals(pending=3)


async def test_a_job_whose_rows_are_all_refused_alike_is_given_up_and_others_go_on(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    strange = await submit_rows(database, sandbox, order_ids(60), window=60)
    known = await submit_rows(database, sandbox, orders(sandbox, 2))

    async with make_runner() as runner:
        with pytest.raises(BatchStopped):
            await runner.run(Message(strange, 1, 60))
        count = sandbox.request_count
        assert not await runner.run(Message(strange, 1, 60))
        assert sandbox.request_count == count
        assert await runner.run(chunk(known, 0))

    assert await totals(database, strange) == Totals(pending=60)


async def test_after_a_stop_the_calls_in_progress_end_and_nothing_begins(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 30))
    sandbox.fail_next(4, fault="slow", seconds=0.2)

    async with make_runner() as runner:
        running = asyncio.create_task(runner.run(chunk(job, 0)))
        while not sandbox.request_count:
            await asyncio.sleep(0.001)
        runner.stop.request()
        assert not await running
        assert not await runner.run(chunk(job, 1))

    found = await totals(database, job)
    assert (found.done, found.unknown) == (sandbox.request_count, 0)


async def test_a_stop_while_a_job_is_opened_begins_nothing(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 3))

    async with make_runner() as runner:
        running = asyncio.create_task(runner.run(chunk(job, 0)))
        await asyncio.sleep(0)
        runner.stop.request()
        assert not await running

    assert sandbox.request_count == 0


async def test_a_job_that_stopped_for_a_clock_that_jumped_goes_on_with_the_next_delivery(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 13))

    async with make_runner() as runner:
        assert await runner.run(chunk(job, 0))
        execution = runner._jobs[job].execution
        execution.clock_watch._offset -= timedelta(hours=2).total_seconds()
        assert not await runner.run(chunk(job, 1))

        assert await runner.run(chunk(job, 1))

    assert await totals(database, job) == Totals(done=13)

"""Workers share jobs, and survive what happens to the database."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from procrastinate import App, PsycopgConnector

from klarna_om import KlarnaClient, Unauthorized
from klarna_om.batch.postgres import Database
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Totals
from klarna_om.engines.procrastinate import NAMESPACE, keep_sweeping, make_blueprint, queue_of, work
from klarna_om.sandbox import Sandbox
from tests.engines.conftest import MakeRunner
from tests.engines.jobs import acknowledged, execute, messages, orders, submit_rows, totals
from tests.support.postgres import PostgresServer, database_with_journals

FAULTS = "error-before=0.05,error-after=0.05,reset-after=0.05,in-a-row=2"


def new_client(sandbox: Sandbox) -> KlarnaClient:
    return KlarnaClient(sandbox.url, username="sandbox", password="sandbox", pace="off")


@asynccontextmanager
async def worker(sandbox: Sandbox, dsn: str, **options: object) -> AsyncIterator[Stop]:
    stop = Stop()
    async with new_client(sandbox) as klarna:
        task = asyncio.create_task(work(klarna, dsn, stop=stop, **options))  # type: ignore[arg-type]
        try:
            yield stop
        finally:
            stop.request()
            await task


async def until_settled(database: Database, job: UUID, count: int) -> Totals:
    async with asyncio.timeout(45):
        while (found := await totals(database, job)).settled < count:
            await asyncio.sleep(0.05)
    return found


async def test_two_workers_share_a_job_and_each_order_is_done_once(database: Database, journals: str) -> None:
    async with Sandbox(limit=None, faults=FAULTS, seed=7) as sandbox:
        order_ids = orders(sandbox, 200)
        job = await submit_rows(database, sandbox, [*order_ids, order_ids[0], "x"])

        async with worker(sandbox, journals), worker(sandbox, journals, concurrency=2, in_flight=8):
            found = await until_settled(database, job, 200)

        assert found == Totals(done=200, duplicate=1, malformed=1)
        assert acknowledged(sandbox, order_ids) == [1] * 200
        assert await messages(database, sandbox) == []


async def test_a_worker_ends_when_its_credentials_are_wrong(
    database: Database, sandbox: Sandbox, journals: str
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 3))

    async with KlarnaClient(sandbox.url, username="sandbox", password="wrong") as klarna:
        with pytest.raises(Unauthorized):
            await work(klarna, journals)

    assert await totals(database, job) == Totals(pending=3)


async def test_a_cancellation_right_after_a_stop_does_not_wait_for_the_grace(
    database: Database, sandbox: Sandbox, journals: str
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 3))
    sandbox.fail_next(3, fault="hang")
    stop = Stop()
    async with new_client(sandbox) as klarna, asyncio.timeout(30):
        task = asyncio.create_task(work(klarna, journals, grace=3600, stop=stop))
        while not sandbox.request_count:
            await asyncio.sleep(0.01)

        stop.request()
        task.cancel()
        await asyncio.wait((task,))

    assert task.cancelled()
    assert (await totals(database, job)).unknown == 3


async def test_a_cancellation_without_a_stop_lets_the_calls_in_progress_end(
    database: Database, sandbox: Sandbox, journals: str
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 3))
    sandbox.fail_next(3, fault="slow", seconds=0.5)
    async with new_client(sandbox) as klarna, asyncio.timeout(30):
        task = asyncio.create_task(work(klarna, journals))
        while not sandbox.request_count:
            await asyncio.sleep(0.01)

        task.cancel()
        await asyncio.wait((task,))

    assert task.cancelled()
    assert await totals(database, job) == Totals(done=3)


async def test_a_worker_starts_again_when_the_queue_fails(
    database: Database, sandbox: Sandbox, journals: str, caplog: pytest.LogCaptureFixture
) -> None:
    await execute(database, "alter table procrastinate_workers rename to away")
    with caplog.at_level(logging.WARNING, "klarna_om.engines"):
        async with worker(sandbox, journals):
            while "the queue cannot be read, trying again: ConnectorException" not in caplog.text:
                await asyncio.sleep(0.01)
            await execute(database, "alter table away rename to procrastinate_workers")
            job = await submit_rows(database, sandbox, orders(sandbox, 3))

            assert await until_settled(database, job, 3) == Totals(done=3)


async def test_a_job_survives_a_restart_of_the_database(crashing_server: PostgresServer) -> None:
    async with Sandbox(limit=None) as sandbox:
        order_ids = orders(sandbox, 300)
        with database_with_journals(crashing_server.dsn) as dsn:
            async with Database.connect(dsn) as database, worker(sandbox, dsn, in_flight=4):
                job = await submit_rows(database, sandbox, order_ids, window=50)
                while sandbox.request_count < 20:
                    await asyncio.sleep(0.001)
                await asyncio.to_thread(crashing_server.stop)
                await asyncio.to_thread(crashing_server.start)
                async with keep_sweeping(database, sandbox.url, sleep=lambda _: asyncio.sleep(0.5)):
                    found = await until_settled(database, job, 300)

        assert found == Totals(done=300)
        assert acknowledged(sandbox, order_ids) == [1] * 300


async def test_an_app_of_the_shops_runs_chunks_beside_its_own_tasks(
    database: Database, sandbox: Sandbox, journals: str, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 15))
    app, ran = App(connector=PsycopgConnector(conninfo=journals)), list[str]()

    @app.task(queue=queue_of(sandbox.url))
    async def own() -> None:
        ran.append("own")

    async with make_runner() as runner, app.open_async():
        app.add_tasks_from(make_blueprint(runner), namespace=NAMESPACE)
        await own.defer_async()
        await app.run_worker_async(
            queues=[queue_of(sandbox.url)], wait=False, listen_notify=False, install_signal_handlers=False
        )

    assert await totals(database, job) == Totals(done=15)
    assert ran == ["own"]

"""Workers share jobs, and survive what happens to the database."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from procrastinate import App, PsycopgConnector
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from klarna_om import KlarnaClient, Unauthorized
from klarna_om.batch.postgres import Database
from klarna_om.batch.postgres import database as database_module
from klarna_om.batch.postgres.database import Connection
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Totals
from klarna_om.engines import sweeping
from klarna_om.engines.load_job import load_job
from klarna_om.engines.procrastinate import NAMESPACE, keep_sweeping, make_blueprint, queue_of, work
from klarna_om.engines.procrastinate.sweep import defer_open_chunks
from klarna_om.sandbox import Sandbox
from tests.engines.conftest import MakeRunner
from tests.engines.jobs import ACKNOWLEDGE, CHUNK, acknowledged, execute, messages, orders, submit_rows, totals
from tests.support.postgres import PostgresServer, database_with_journals
from tests.support.relay import relay_to

OUTAGES = [float(seconds) for seconds in os.environ.get("KLARNA_OM_ENGINE_OUTAGES", "2").split(",")]
"""Seconds for which PostgreSQL is away."""

# As a live worker's own, which it took and never ends.
TAKE = b"""update procrastinate_jobs set status = 'doing', worker_id = (select max(id) from procrastinate_workers)
where queue_name = %s"""

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


async def newest_worker(database: Database) -> int:
    """The number of the worker that registered last."""

    async def read(connection: Connection) -> int:
        query = "select coalesce(max(id), 0) from procrastinate_workers"
        return int((await (await connection.execute(query)).fetchall())[0][0])

    return await database.run(read)


async def until_settled(database: Database, job: UUID, count: int) -> Totals:
    async with asyncio.timeout(120):
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


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seconds", OUTAGES)
async def test_a_job_survives_a_crash_of_the_database(seconds: float, crashing_server: PostgresServer) -> None:
    async with Sandbox(limit=None) as sandbox:
        order_ids = orders(sandbox, 300)
        with database_with_journals(crashing_server.dsn) as dsn:
            async with Database.connect(dsn) as database, worker(sandbox, dsn, in_flight=4):
                job = await submit_rows(database, sandbox, order_ids, window=50)
                while sandbox.request_count < 20:
                    await asyncio.sleep(0.001)
                await asyncio.to_thread(crashing_server.stop)
                await asyncio.sleep(seconds)
                await asyncio.to_thread(crashing_server.start)
                async with keep_sweeping(database, sandbox.url, sleep=lambda _: asyncio.sleep(0.5)):
                    found = await until_settled(database, job, 300)

        assert found == Totals(done=300)
        assert acknowledged(sandbox, order_ids) == [1] * 300


@pytest.mark.skipif("KLARNA_OM_ENGINE_OUTAGES" not in os.environ, reason="psycopg waits 5 s, twice: `nox -s engine`")
async def test_a_worker_whose_connections_are_half_open_goes_on(
    database: Database, sandbox: Sandbox, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "ATTEMPT_TIMEOUT", 0.5)
    monkeypatch.setattr(sweeping, "INTERVAL", 0.5)
    order_ids = orders(sandbox, 60)
    sandbox.faults = "slow=1:0.05"
    server = conninfo_to_dict(journals)
    host, port = str(server["host"]), str(server.get("port", 5432))
    target = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else int(port)
    async with relay_to(target) as relay:
        dsn = make_conninfo(journals, host="127.0.0.1", port=relay.port)
        async with worker(sandbox, dsn, concurrency=1, in_flight=4):
            job = await submit_rows(database, sandbox, order_ids)
            while sandbox.request_count < 10:
                await asyncio.sleep(0.001)
            relay.leave_half_open()

            assert await until_settled(database, job, 60) == Totals(done=60)

    assert acknowledged(sandbox, order_ids) == [1] * 60


async def test_a_message_that_the_worker_itself_never_ends_is_delivered_again(
    database: Database, sandbox: Sandbox, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "INTERVAL", 0.2)
    order_ids = orders(sandbox, 25)

    async def take(connection: Connection, job: UUID) -> None:
        await defer_open_chunks(connection, sandbox.url, job)
        await connection.execute(TAKE, [queue_of(sandbox.url)])

    before = await newest_worker(database)
    async with worker(sandbox, journals):
        while await newest_worker(database) == before:
            await asyncio.sleep(0.01)
        rows = read_rows(order_ids, RowParser(ACKNOWLEDGE))
        job = await load_job(database, ACKNOWLEDGE, rows, target=sandbox.url, window=CHUNK, then=take)

        assert await until_settled(database, job, 25) == Totals(done=25)

    assert len(await messages(database, sandbox, "doing")) == 3
    assert acknowledged(sandbox, order_ids) == [1] * 25


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

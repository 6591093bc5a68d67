"""A second engine: taskiq and RabbitMQ deliver the same chunks to the same function."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aio_pika
import pytest
from taskiq_aio_pika import AioPikaBroker

from klarna_om import KlarnaClient, Unauthorized
from klarna_om.batch.postgres import Database
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Totals
from klarna_om.engines import sweeping
from klarna_om.engines.load_job import load_job
from klarna_om.engines.queue_name import queue_of
from klarna_om.engines.sweeping import sweep_alone
from klarna_om.engines.taskiq import connect, deliver, work
from klarna_om.sandbox import Sandbox
from tests.engines.jobs import ACKNOWLEDGE, CHUNK, acknowledged, orders, totals
from tests.engines.test_work import new_client, until_settled
from tests.engines.worker_processes import workers_of
from tests.support.rabbitmq import find_rabbitmq
from tests.support.relay import relay_to

FAULTS = "error-before=0.05,error-after=0.05,reset-after=0.05,in-a-row=2"


@pytest.fixture(scope="session")
def rabbitmq() -> str:
    return find_rabbitmq()


@asynccontextmanager
async def serve(rabbitmq: str, **options: Any) -> AsyncIterator[Sandbox]:
    """A sandbox whose queue is deleted at the end."""
    async with Sandbox(limit=None, **options) as served:
        yield served
    async with await aio_pika.connect(rabbitmq) as connection:
        channel = await connection.channel()
        await channel.queue_delete(queue_of(served.url))


@pytest.fixture
async def sandbox(rabbitmq: str) -> AsyncIterator[Sandbox]:
    """A sandbox without faults."""
    async with serve(rabbitmq) as served:
        yield served


@pytest.fixture
async def broker(rabbitmq: str, sandbox: Sandbox) -> AsyncIterator[AioPikaBroker]:
    """A broker that delivers."""
    async with connect(rabbitmq, sandbox.url) as connected:
        yield connected


async def load(database: Database, sandbox: Sandbox, rows: Iterable[object]) -> UUID:
    chunks = read_rows(rows, RowParser(ACKNOWLEDGE))
    return await load_job(database, ACKNOWLEDGE, chunks, target=sandbox.url, window=CHUNK)


async def deliver_job(broker: AioPikaBroker, database: Database, sandbox: Sandbox, job: UUID | None = None) -> int:
    return await sweep_alone(database, partial(deliver, broker, sandbox.url, job=job))


async def purge(rabbitmq: str, sandbox: Sandbox) -> int:
    """Lose all messages that wait; returns how many."""
    async with await aio_pika.connect(rabbitmq) as connection:
        queue = await (await connection.channel()).get_queue(queue_of(sandbox.url))
        return (await queue.purge()).message_count or 0


@asynccontextmanager
async def workers(sandbox: Sandbox, dsn: str, *urls: str, **options: object) -> AsyncIterator[Stop]:
    stop = Stop()
    async with AsyncExitStack() as stack:
        tasks = [
            asyncio.create_task(
                work(await stack.enter_async_context(new_client(sandbox)), dsn, url, stop=stop, **options)  # type: ignore[arg-type]
            )
            for url in urls
        ]
        try:
            yield stop
        finally:
            stop.request()
            await asyncio.gather(*tasks)


async def test_two_workers_share_a_job_and_each_order_is_done_once(
    database: Database, journals: str, rabbitmq: str
) -> None:
    async with serve(rabbitmq, faults=FAULTS, seed=7) as sandbox, connect(rabbitmq, sandbox.url) as broker:
        order_ids = orders(sandbox, 300)
        job = await load(database, sandbox, [*order_ids, order_ids[0], "x"])
        assert await deliver_job(broker, database, sandbox, job) == 30

        async with workers(sandbox, journals, rabbitmq, rabbitmq):
            found = await until_settled(database, job, 300)

        assert found == Totals(done=300, duplicate=1, malformed=1)
        assert acknowledged(sandbox, order_ids) == [1] * 300


async def test_messages_that_are_lost_are_delivered_again_by_a_sweep(
    database: Database, sandbox: Sandbox, journals: str, rabbitmq: str, broker: AioPikaBroker
) -> None:
    order_ids = orders(sandbox, 30)
    job = await load(database, sandbox, order_ids)
    await deliver_job(broker, database, sandbox, job)
    assert await purge(rabbitmq, sandbox) == 3

    async with workers(sandbox, journals, rabbitmq):
        assert await until_settled(database, job, 30) == Totals(done=30)

    assert acknowledged(sandbox, order_ids) == [1] * 30


async def test_a_sweep_adds_nothing_while_messages_wait(
    database: Database, sandbox: Sandbox, rabbitmq: str, broker: AioPikaBroker
) -> None:
    await load(database, sandbox, orders(sandbox, 30))

    assert await deliver_job(broker, database, sandbox) == 3
    assert await deliver_job(broker, database, sandbox) == 0

    assert await purge(rabbitmq, sandbox) == 3


async def test_a_worker_goes_on_after_its_connection_to_the_queue_was_lost(
    database: Database,
    sandbox: Sandbox,
    journals: str,
    rabbitmq: str,
    broker: AioPikaBroker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "INTERVAL", 0.2)
    order_ids = orders(sandbox, 60)
    parts = urlsplit(rabbitmq)
    sandbox.fail_next(10, fault="slow", seconds=0.3)
    async with relay_to(parts.port or 5672) as relay:
        through_relay = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{relay.port}").geturl()
        async with workers(sandbox, journals, through_relay, concurrency=1, in_flight=2):
            job = await load(database, sandbox, order_ids)
            await deliver_job(broker, database, sandbox, job)
            while not sandbox.request_count:
                await asyncio.sleep(0.01)
            relay.cut()
            relay.is_on = True
            assert await until_settled(database, job, 60) == Totals(done=60)

    assert acknowledged(sandbox, order_ids) == [1] * 60


async def test_kill_9_of_a_worker_costs_no_order_and_does_none_twice(
    database: Database, sandbox: Sandbox, journals: str, rabbitmq: str, broker: AioPikaBroker, tmp_path: Path
) -> None:
    order_ids = orders(sandbox, 60)
    job = await load(database, sandbox, order_ids)
    await deliver_job(broker, database, sandbox, job)
    async with workers_of(sandbox, journals, tmp_path) as processes:
        killed = processes.start(rabbitmq, run="run_taskiq_worker")
        while sandbox.effects(operation=ACKNOWLEDGE) < 15:
            await asyncio.sleep(0.001)
        await processes.kill(killed)
        processes.start(rabbitmq, run="run_taskiq_worker")
        while (await totals(database, job)).done < 60:
            await processes.end_leases_of_the_dead(database)
            await deliver_job(broker, database, sandbox)
            await asyncio.sleep(0.05)

    assert acknowledged(sandbox, order_ids) == [1] * 60


async def test_a_message_is_acknowledged_before_its_chunk_is_run(
    database: Database, sandbox: Sandbox, journals: str, rabbitmq: str, broker: AioPikaBroker
) -> None:
    sandbox.fail_next(CHUNK, fault="hang")
    job = await load(database, sandbox, orders(sandbox, CHUNK))
    await deliver_job(broker, database, sandbox, job)

    async with new_client(sandbox) as klarna:
        worker = asyncio.create_task(work(klarna, journals, rabbitmq))
        while not sandbox.request_count:
            await asyncio.sleep(0.01)
        worker.cancel()
        await asyncio.wait((worker,))

    assert await purge(rabbitmq, sandbox) == 0


async def test_after_a_stop_the_calls_in_progress_end(
    database: Database, sandbox: Sandbox, journals: str, rabbitmq: str
) -> None:
    job = await load(database, sandbox, orders(sandbox, 30))
    sandbox.fail_next(1, fault="slow", seconds=0.01)  # its end shows that the other one is in progress
    sandbox.fail_next(1, fault="slow", seconds=1.5)

    async with workers(sandbox, journals, rabbitmq, concurrency=1, in_flight=2):
        while not sandbox.request_count:
            await asyncio.sleep(0.001)

    found = await totals(database, job)
    assert found.unknown == 0
    assert 0 < found.done < 30


async def test_a_worker_ends_when_its_credentials_are_wrong(
    database: Database, sandbox: Sandbox, journals: str, rabbitmq: str
) -> None:
    job = await load(database, sandbox, orders(sandbox, 3))

    async with KlarnaClient(sandbox.url, username="sandbox", password="wrong") as klarna:
        with pytest.raises(Unauthorized):
            await work(klarna, journals, rabbitmq)

    assert await totals(database, job) == Totals(pending=3)

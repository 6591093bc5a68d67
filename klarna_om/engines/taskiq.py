"""Jobs over many machines by taskiq and RabbitMQ; the journal stays in PostgreSQL. `pip install 'klarna-om[taskiq]'`.

A message is acknowledged when it is received: RabbitMQ would deliver it again while the dead worker's lease lives, and
an acknowledgement after a reconnect fails (taskiq-aio-pika #46). What is lost then is delivered again by a sweep.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

from klarna_om.batch.postgres import Database
from klarna_om.batch.postgres.database import Connection
from klarna_om.client import KlarnaClient
from klarna_om.engines.chunk_runner import ChunkRunner
from klarna_om.engines.message import decode
from klarna_om.engines.open_chunks import read_open_chunks
from klarna_om.engines.queue_name import queue_of
from klarna_om.engines.sweeping import keep_sweeping_with, sweep_alone

try:
    from aio_pika.exceptions import CONNECTION_EXCEPTIONS
    from taskiq import AcknowledgeType, SendTaskError
    from taskiq.kicker import AsyncKicker
    from taskiq.receiver import Receiver
    from taskiq_aio_pika import AioPikaBroker, Queue
except ImportError as missing:
    reason = "klarna_om.engines.taskiq needs more packages. Install them with: pip install 'klarna-om[taskiq]'"
    raise ImportError(reason, name=missing.name) from missing


@asynccontextmanager
async def connect(url: str, target: str, runner: ChunkRunner | None = None) -> AsyncGenerator[AioPikaBroker, None]:
    """A broker with the queue of this environment, to deliver chunks; with a runner, to run them too."""
    broker = AioPikaBroker(url, qos=1, task_queues=[Queue(name=queue_of(target))])
    broker.is_worker_process = runner is not None

    async def run_chunk(message: dict[str, Any]) -> bool:
        return runner is not None and await runner.run(decode(message))

    broker.register_task(run_chunk, task_name="klarna_om:run_chunk")
    try:
        await broker.startup()
        yield broker
    finally:
        await broker.shutdown()


async def deliver(broker: AioPikaBroker, target: str, connection: Connection, *, job: UUID | None = None) -> int:
    """Deliver the open chunks of a job, or those of all while no message waits in the queue; returns how many."""
    assert broker.write_conn is not None
    async with broker.write_conn.channel() as channel:
        waiting = (await channel.declare_queue(queue_of(target), passive=True)).declaration_result.message_count
    messages = [] if waiting and job is None else await read_open_chunks(connection, target, job)
    for message in messages:
        await AsyncKicker[Any, Any]("klarna_om:run_chunk", broker, {}).kiq(message.encode())
    return len(messages)


async def work(client: KlarnaClient, dsn: str, url: str, *, concurrency: int = 4, **options: Any) -> None:
    """Run the chunks of all jobs for the client's host until a stop; `options` are those of `ChunkRunner`."""
    finish = asyncio.Event()
    async with Database.connect(dsn) as database, ChunkRunner(client=client, database=database, **options) as runner:
        runner.stop.on_request(finish.set)
        async with connect(url, runner.target, runner) as broker:
            sweep = partial(sweep_alone, database, partial(deliver, broker, runner.target))
            receiver = Receiver(broker, max_async_tasks=concurrency, run_startup=False, wait_tasks_timeout=25.0)
            receiver.ack_time = AcknowledgeType.WHEN_RECEIVED
            async with keep_sweeping_with(sweep, *CONNECTION_EXCEPTIONS, SendTaskError):
                await receiver.listen(finish)
    if runner.fatal is not None:
        raise runner.fatal

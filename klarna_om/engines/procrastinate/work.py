"""A worker: it runs chunks until it is stopped, whatever happens to the database meanwhile."""

import asyncio
import logging

from procrastinate import App

from klarna_om.batch.postgres import Database
from klarna_om.batch.stop import Stop
from klarna_om.client import KlarnaClient
from klarna_om.engines.chunk_runner import ChunkRunner
from klarna_om.engines.procrastinate.app import NAMESPACE, make_app
from klarna_om.engines.procrastinate.blueprint import make_blueprint
from klarna_om.engines.procrastinate.sweep import keep_sweeping
from klarna_om.engines.queue_name import queue_of

RESTART_DELAY = 1.0
"""Seconds before Procrastinate's worker is started again after it ended by itself."""

logger = logging.getLogger("klarna_om.engines")


async def work(
    client: KlarnaClient,
    dsn: str,
    *,
    concurrency: int = 4,
    in_flight: int = 32,
    keep_going: bool = False,
    grace: float = 25.0,
    stop: Stop | None = None,
) -> None:
    """Run the chunks of all jobs for the client's host, `concurrency` of them at once, until a stop is requested.

    Then the calls in progress may end for `grace` seconds; what is left is delivered again. Raises the `KlarnaError`
    that no later try could cure, such as `Unauthorized`, and `JournalError` where the database cannot be used at the
    start; later it is waited for.
    """
    async with (
        Database.connect(dsn) as database,
        ChunkRunner(
            client=client, database=database, in_flight=in_flight, keep_going=keep_going, stop=stop or Stop()
        ) as runner,
        keep_sweeping(database, runner.target),
    ):
        logger.info("worker %s runs the chunks of jobs for %s", runner.worker, runner.target)
        while not runner.stop.is_requested:
            await _run_worker(runner, dsn, concurrency, grace)
            await runner.stop.sleep(RESTART_DELAY)
    if runner.fatal is not None:
        raise runner.fatal


async def _run_worker(runner: ChunkRunner, dsn: str, concurrency: int, grace: float) -> None:
    """Run Procrastinate's worker until it ends by itself, fails, or a stop is requested."""
    worker = asyncio.create_task(_open_and_run(runner, dsn, concurrency, grace))
    try:
        await runner.stop.wait(asyncio.wait((worker,)))
    except asyncio.CancelledError:
        if runner.stop.is_requested:  # a stop and a cancellation in one turn of the event loop
            runner.interrupt()
        raise
    finally:
        await _end(worker, runner)
    if not worker.cancelled() and (reason := worker.exception()) is not None:
        logger.warning("the queue cannot be read, trying again: %s: %s", type(reason).__name__, reason)


async def _end(worker: "asyncio.Task[None]", runner: ChunkRunner) -> None:
    """Wait until the chunks in progress have ended; cancelled meanwhile, interrupt them."""
    worker.cancel()
    try:
        await asyncio.wait((worker,))
    except asyncio.CancelledError:
        runner.interrupt()
        await asyncio.wait((worker,))
        raise


async def _open_and_run(runner: ChunkRunner, dsn: str, concurrency: int, grace: float) -> None:
    app: App = make_app(dsn)
    app.add_tasks_from(make_blueprint(runner), namespace=NAMESPACE)
    async with app.open_async():
        await app.run_worker_async(
            queues=[queue_of(runner.target)],
            concurrency=concurrency,
            delete_jobs="always",  # the journal has what became of them
            shutdown_graceful_timeout=grace,
            install_signal_handlers=False,
        )

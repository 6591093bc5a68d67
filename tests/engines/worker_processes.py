"""Workers in processes of their own, which a test kills or freezes at any moment.

They are forked from a process that has imported everything, so that each begins in a moment.
"""

import asyncio
import multiprocessing
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from attrs import define, field

from klarna_om.batch import stamps
from klarna_om.batch.postgres import Database, leases
from klarna_om.engines import sweeping
from klarna_om.sandbox import Sandbox
from tests.engines.jobs import execute

LEASE, RENEWAL, SWEEP = stamps.LEASE, leases.RENEWAL, sweeping.INTERVAL

END_LEASES = "update klarna_om.chunks set lease_until = '-infinity' where worker = %s"

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["klarna_om.cli.worker", "klarna_om.engines.taskiq", "uvloop", __name__])


@define
class Worker:
    """A worker's process, and what it logs."""

    process: Any
    log: Path

    @property
    def id(self) -> UUID | None:
        """Who it is to the journal; None before it has begun."""
        found = re.search(r"worker ([0-9a-f-]{36})", self.log.read_text()) if self.log.exists() else None
        return found and UUID(found[1])

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.process.pid, number)

    async def end(self) -> int:
        """Stop it as a service manager does; returns its exit code."""
        self.send(signal.SIGTERM)
        await self.wait()
        return int(self.process.exitcode)

    async def wait(self) -> None:
        """Wait for its end."""
        while self.process.is_alive():
            await asyncio.sleep(0.005)


@define
class Workers:
    """The workers of one environment."""

    sandbox: Sandbox
    dsn: str
    folder: Path
    lease: float = LEASE
    """Seconds; what a worker does at intervals is as much faster as this is shorter."""
    started: list[Worker] = field(factory=list[Worker])

    def start(self, *options: str, run: str = "run_worker") -> Worker:
        """Start a worker with these options of `klarna-om worker`, or with another function of this module."""
        variables = {
            "KLARNA_OM_ENVIRONMENT": self.sandbox.url,
            "KLARNA_OM_USERNAME": "sandbox",
            "KLARNA_OM_PASSWORD": "sandbox",
            "KLARNA_OM_API_KEY": "",
            "KLARNA_OM_DSN": self.dsn,
            "KLARNA_OM_PACE": "off",
        }
        log = self.folder / f"{uuid4()}.log"
        process = _FORKS.Process(target=_run, args=(run, log, variables, self.lease, options), daemon=True)
        process.start()
        self.started.append(Worker(process, log))
        return self.started[-1]

    async def kill(self, *workers: Worker) -> None:
        """Kill -9 workers."""
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            await worker.wait()

    async def end_leases_of_the_dead(self, database: Database) -> None:
        """Let time pass for what dead workers had."""
        for worker in self.started:
            if not worker.process.is_alive() and worker.id is not None:
                await execute(database, END_LEASES, worker.id)


@asynccontextmanager
async def workers_of(sandbox: Sandbox, dsn: str, folder: Path, *, lease: float = LEASE) -> AsyncIterator[Workers]:
    """Workers that are gone at the end, whatever became of them."""
    workers = Workers(sandbox, dsn, folder, lease)
    try:
        yield workers
    finally:
        for worker in workers.started:
            worker.process.kill()
            worker.process.join()


def _run(name: str, log: Path, variables: dict[str, str], lease: float, options: tuple[str, ...]) -> None:
    os.environ.update(variables)
    stamps.LEASE, leases.RENEWAL, sweeping.INTERVAL = (seconds * lease / LEASE for seconds in (LEASE, RENEWAL, SWEEP))
    with log.open("w") as file:
        os.dup2(file.fileno(), 2)
        sys.stderr = file
        globals()[name](*options)


def run_worker(*options: str) -> None:
    """Run `klarna-om worker`."""
    from klarna_om.cli.worker import command

    command(args=[*options])


def run_taskiq_worker(url: str) -> None:
    """Run a worker of taskiq's."""
    from klarna_om import KlarnaClient
    from klarna_om.engines.taskiq import work

    async def run() -> None:
        async with KlarnaClient(in_flight=32, pace="off") as client:
            worker = uuid4()
            sys.stderr.write(f"worker {worker}\n")
            sys.stderr.flush()
            await work(client, os.environ["KLARNA_OM_DSN"], url, concurrency=1, worker=worker)

    asyncio.run(run())

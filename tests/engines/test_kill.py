"""kill -9 of a worker at random moments: each order is done once, and every line is in the report once.

`KLARNA_OM_ENGINE_SEEDS` is the number of repetitions; each seed kills at other moments. What a dead worker leaves is
free after 20 seconds and is delivered again within 30; here the lease is ended by hand, and swept at once.
"""

import asyncio
import os
import random
import re
import signal
import sys
from uuid import UUID

import pytest

from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.totals import Totals
from klarna_om.engines.procrastinate import sweep
from klarna_om.sandbox import Sandbox
from tests.engines.jobs import acknowledged, execute, orders, submit_rows, totals

ORDERS = 600
FAULTS = "error-before=0.04,error-after=0.04,reset-before=0.02,reset-after=0.04,cut=0.02,in-a-row=3"
END_LEASES = "update klarna_om.chunks set lease_until = '-infinity' where worker = %s"

Process = asyncio.subprocess.Process


async def start_worker(sandbox: Sandbox, dsn: str, *options: str, **variables: str) -> Process:
    environment = {
        "KLARNA_OM_ENVIRONMENT": sandbox.url,
        "KLARNA_OM_USERNAME": "sandbox",
        "KLARNA_OM_PASSWORD": "sandbox",
        "KLARNA_OM_API_KEY": "",
        "KLARNA_OM_DSN": dsn,
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "klarna_om.cli", "worker", *options),
        env={**os.environ, **environment, **variables},
        stderr=asyncio.subprocess.PIPE,
    )


async def end(worker: Process) -> str:
    worker.send_signal(signal.SIGTERM)
    _, stderr = await worker.communicate()
    return stderr.decode()


async def kill(worker: Process, database: Database, sandbox: Sandbox) -> None:
    """Kill a worker, and let its leases be over."""
    worker.kill()
    _, stderr = await worker.communicate()
    known = re.search(r"worker ([0-9a-f-]{36})", stderr.decode())
    if known is not None:  # else it was killed before it began
        await execute(database, END_LEASES, UUID(known[1]))
    await sweep(database, sandbox.url)


async def until_done(database: Database, job: UUID, count: int) -> None:
    while (await totals(database, job)).done < count:
        await asyncio.sleep(0.01)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(int(os.environ.get("KLARNA_OM_ENGINE_SEEDS", "1"))))
async def test_kill_9_of_workers_costs_no_order_and_does_none_twice(
    seed: int, database: Database, journals: str
) -> None:
    moments = random.Random(seed)
    async with Sandbox(limit=None, faults=FAULTS, seed=seed) as sandbox:
        order_ids = orders(sandbox, ORDERS)
        job = await submit_rows(database, sandbox, [*order_ids, order_ids[0], ""], window=50)
        first, second = [await start_worker(sandbox, journals, "--in-flight", "16") for _ in range(2)]

        await until_done(database, job, moments.randint(10, 250))
        await kill(first, database, sandbox)
        await until_done(database, job, moments.randint(260, ORDERS - 100))
        await kill(second, database, sandbox)
        third = await start_worker(sandbox, journals)
        await until_done(database, job, ORDERS)

        assert "are through" in await end(third)
        assert third.returncode == 0
        assert acknowledged(sandbox, order_ids) == [1] * ORDERS

    async with PostgresJournal.open_to_read(journals, job) as reader:
        assert await reader.counts() == Totals(done=ORDERS, duplicate=1, blank=1)
        assert [line.line for line in await reader.report_lines(0, 10_000)] == [*range(1, ORDERS + 3)]

"""A worker that is frozen for longer than its lease: another one takes its rows over, and waking up it does no harm.

`KLARNA_OM_ENGINE_LEASE` is the length of a lease in seconds, 20 as a rule; with it all operations are tried.
"""

import asyncio
import os
import signal
from pathlib import Path
from uuid import UUID

import pytest

from klarna_om.batch.postgres import Database, read_jobs
from klarna_om.batch.totals import Totals
from klarna_om.sandbox import Sandbox
from tests.engines.jobs import submit_rows, totals
from tests.engines.test_kill import OPERATIONS, OPTIONS, ROWS, effects, make_rows, once, until_done
from tests.engines.worker_processes import Worker, workers_of

GIVEN = os.environ.get("KLARNA_OM_ENGINE_LEASE")
LEASE = float(GIVEN or 0.6)


async def has_lease(database: Database, job: UUID, worker: Worker) -> bool:
    (found,) = await read_jobs(database, job)
    return worker.id in [lease.worker for lease in found.workers]


@pytest.mark.timeout(LEASE * 5 + 60)
@pytest.mark.parametrize("operation", OPERATIONS if GIVEN else ["captures.create"])
async def test_a_worker_that_wakes_up_after_its_lease_does_nothing_twice(
    operation: str, database: Database, journals: str, tmp_path: Path
) -> None:
    async with Sandbox(limit=None) as sandbox, workers_of(sandbox, journals, tmp_path, lease=LEASE) as workers:
        rows = make_rows(sandbox, operation)
        sandbox.faults = "slow=1:0.1"
        job = await submit_rows(database, sandbox, rows, operation, window=50)
        frozen, other = workers.start(*OPTIONS), workers.start(*OPTIONS)
        await until_done(database, job, 5)
        while not await has_lease(database, job, frozen):
            await asyncio.sleep(0.001)
        frozen.send(signal.SIGSTOP)

        assert await has_lease(database, job, frozen)
        while await has_lease(database, job, frozen):
            await asyncio.sleep(0.01)
        await until_done(database, job, (await totals(database, job)).done + 1)  # the other one goes on
        frozen.send(signal.SIGCONT)
        await until_done(database, job, ROWS)

        assert [await worker.end() for worker in (frozen, other)] == [0, 0]
        assert effects(sandbox, operation, rows) == once(operation)
        assert await totals(database, job) == Totals(done=ROWS)

"""What docs/engines.md shows works."""

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from klarna_om.batch import BatchStopped, Stop
from klarna_om.batch.postgres import Database
from klarna_om.batch.totals import Totals
from klarna_om.engines.run_open_chunks import run_open_chunks
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_ids
from tests.engines.conftest import MakeRunner
from tests.engines.jobs import CHUNK, acknowledged, chunk, orders, submit_rows, totals
from tests.support.rabbitmq import find_rabbitmq

PAGE = (Path(__file__).parents[2] / "docs/engines.md").read_text(encoding="utf-8")


def recipe(title: str) -> str:
    """The program under a heading."""
    (section,) = re.findall(rf"^## {title}$(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    (program,) = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return str(program)


def run_recipe(title: str) -> dict[str, Any]:
    """The names that it defines."""
    names: dict[str, Any] = {"__name__": f"recipe_{title.split()[0].lower()}"}
    exec(compile(recipe(title), "docs/engines.md", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def _environment(sandbox: Sandbox, journals: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"ENVIRONMENT": sandbox.url, "USERNAME": "sandbox", "PASSWORD": "sandbox", "DSN": journals}
    for name, value in values.items():
        monkeypatch.setenv(f"KLARNA_OM_{name}", value)
    monkeypatch.delenv("KLARNA_OM_API_KEY", raising=False)


async def run_processes(program: str, count: int) -> Sequence[tuple[bytes, bytes]]:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program), env=os.environ, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(count)
    ]
    return [await process.communicate() for process in processes]


@pytest.mark.timeout(120)
async def test_cron_in_three_processes_does_each_order_once(database: Database, sandbox: Sandbox) -> None:
    sandbox.fail_next(20, fault="reset-after")
    ids = orders(sandbox, 300)
    job = await submit_rows(database, sandbox, ids)

    outputs = await run_processes(recipe("Cron on any number of machines"), 3)

    assert await totals(database, job) == Totals(done=300)
    assert acknowledged(sandbox, ids) == [1] * 300
    assert all(b"chunks are open" in stdout for stdout, _ in outputs)


async def test_open_chunks_are_run_once_and_what_is_through_is_not_run_again(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 25))

    async with make_runner() as runner:
        assert await run_open_chunks(runner, job) == 0
        count = sandbox.request_count
        assert await run_open_chunks(runner, job) == 0

    assert await totals(database, job) == Totals(done=25)
    assert sandbox.request_count == count


async def test_chunks_that_are_left_by_a_stop_are_counted(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    job = await submit_rows(database, sandbox, orders(sandbox, 25))
    stop = Stop()
    stop.request()

    async with make_runner(stop=stop) as runner:
        assert await run_open_chunks(runner, job) == 3

    assert sandbox.request_count == 0


async def test_a_job_that_stops_raises_once_other_chunks_have_ended(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    strange = await submit_rows(database, sandbox, order_ids(60), window=60)
    known = await submit_rows(database, sandbox, orders(sandbox, 25))

    async with make_runner() as runner:
        with pytest.raises(BatchStopped):
            await run_open_chunks(runner)

    assert await totals(database, strange) == Totals(pending=60)
    assert await totals(database, known) == Totals(done=25)


async def test_a_job_that_is_loaded_is_open_for_any_engine(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    rows = [{"order_id": order_id, "captured_amount": 1, "reference": "r"} for order_id in orders(sandbox, 3)]

    job = await run_recipe("Load a job")["load_captures"](database, rows)

    async with make_runner() as runner:
        await run_open_chunks(runner, job)
    assert await totals(database, job) == Totals(done=3)


async def test_taskiq_workers_run_what_is_delivered(database: Database, sandbox: Sandbox, journals: str) -> None:
    url, names, stop = find_rabbitmq(), run_recipe("taskiq and RabbitMQ"), Stop()
    job = await submit_rows(database, sandbox, orders(sandbox, 15))

    assert await names["deliver_now"](database, url, job, sandbox.url) == 2
    worker = asyncio.create_task(names["run_taskiq_worker"](journals, url, stop))
    while (found := await totals(database, job)).settled < 15:
        await asyncio.sleep(0.05)
    stop.request()
    await worker

    assert found == Totals(done=15)


async def test_celery_sweeps_and_runs(database: Database, sandbox: Sandbox) -> None:
    pytest.importorskip("celery")
    ids = orders(sandbox, 15)
    job = await submit_rows(database, sandbox, ids)
    names = run_recipe("Celery")
    names["app"].conf.update(task_always_eager=True, task_eager_propagates=True)

    await asyncio.to_thread(names["sweep_chunks"].delay)

    assert await totals(database, job) == Totals(done=15)
    assert acknowledged(sandbox, ids) == [1] * 15


async def test_an_activity_of_temporals_runs_a_chunk(
    database: Database, sandbox: Sandbox, make_runner: MakeRunner
) -> None:
    testing = pytest.importorskip("temporalio.testing")
    job = await submit_rows(database, sandbox, orders(sandbox, CHUNK))
    names = run_recipe("Temporal")

    async with make_runner() as runner:
        run_chunk = names["Chunks"](runner).run_chunk
        assert await testing.ActivityEnvironment().run(run_chunk, chunk(job, 0).encode())

    assert await totals(database, job) == Totals(done=CHUNK)

"""`klarna-om worker` ends as it is told to."""

import asyncio
import signal

import pytest

from klarna_om.batch.postgres import Database
from klarna_om.sandbox import Sandbox
from tests.cli.worker_command import end, start_worker
from tests.engines.jobs import acknowledged, orders, submit_rows, totals


async def test_wrong_credentials_end_it_with_a_code_of_their_own(journals: str) -> None:
    async with Sandbox(password="another") as sandbox, Database.connect(journals) as database:
        await submit_rows(database, sandbox, orders(sandbox, 3))
        worker = await start_worker(sandbox, journals)
        _, stderr = await worker.communicate()

    assert worker.returncode == 4
    assert "klarna-om: stopped:" in stderr.decode()
    assert "401" in stderr.decode()


async def test_a_second_signal_stops_at_once(journals: str) -> None:
    async with Sandbox(limit=None) as sandbox, Database.connect(journals) as database:
        job = await submit_rows(database, sandbox, orders(sandbox, 3))
        sandbox.fail_next(3, fault="hang")
        worker = await start_worker(sandbox, journals)
        while not sandbox.request_count:
            await asyncio.sleep(0.01)
        assert worker.stderr is not None
        worker.send_signal(signal.SIGTERM)
        while b"a second signal stops at once" not in (line := await worker.stderr.readline()):
            assert line
        worker.send_signal(signal.SIGTERM)
        await worker.communicate()

        assert worker.returncode == 0
        assert (await totals(database, job)).unknown == 3


async def test_sigterm_lets_the_calls_in_progress_end_within_the_grace(journals: str) -> None:
    async with Sandbox(limit=None) as sandbox, Database.connect(journals) as database:
        order_ids = orders(sandbox, 40)
        job = await submit_rows(database, sandbox, order_ids)
        sandbox.fail_next(1, fault="slow", seconds=0.01)  # its end shows that the others are in progress
        sandbox.fail_next(7, fault="slow", seconds=1.5)
        worker = await start_worker(sandbox, journals, KLARNA_OM_CONCURRENCY="1", KLARNA_OM_IN_FLIGHT="8")
        while not sandbox.request_count:
            await asyncio.sleep(0.001)

        await end(worker)

        found = await totals(database, job)
        assert worker.returncode == 0
        assert (found.done, found.unknown) == (sum(acknowledged(sandbox, order_ids)), 0)
        assert 0 < found.done < 40


async def test_calls_that_last_longer_than_the_grace_are_recorded_as_unknown(journals: str) -> None:
    async with Sandbox(limit=None) as sandbox, Database.connect(journals) as database:
        job = await submit_rows(database, sandbox, orders(sandbox, 3))
        sandbox.fail_next(3, fault="hang")
        worker = await start_worker(sandbox, journals, KLARNA_OM_GRACE="0.1")
        while sandbox.request_count < 3:
            await asyncio.sleep(0.001)

        await end(worker)

        assert worker.returncode == 0
        assert (await totals(database, job)).unknown == 3


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CONCURRENCY", "0"), ("RATE", "0"), ("GRACE", "-1"), ("KEEP_GOING", "perhaps"), ("LOG_FORMAT", "xml")],
)
async def test_a_variable_is_checked_as_its_option(variable: str, value: str, journals: str) -> None:
    async with Sandbox() as sandbox:
        worker = await start_worker(sandbox, journals, **{f"KLARNA_OM_{variable}": value})
        _, stderr = await worker.communicate()

    assert worker.returncode == 2
    assert f"--{variable.lower().replace('_', '-')}" in stderr.decode()

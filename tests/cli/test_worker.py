"""`klarna-om worker` ends as it is told to."""

import asyncio
import signal

from klarna_om.batch.postgres import Database
from klarna_om.sandbox import Sandbox
from tests.engines.jobs import orders, submit_rows, totals
from tests.engines.test_kill import start_worker


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

"""A worker answers Kubernetes' probes."""

import asyncio
import socket

import aiohttp
import pytest

from klarna_om.batch.postgres import Database
from klarna_om.batch.stop import Stop
from klarna_om.cli import health
from klarna_om.cli.health import check_database, serve_health
from klarna_om.sandbox import Sandbox
from tests.cli.worker_command import end, start_worker
from tests.engines.jobs import orders, submit_rows
from tests.support.listening import listen


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.create_server(("", 0)) as server:
        number: int = server.getsockname()[1]
        return number


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_a_worker_is_ready_while_it_reaches_its_database(port: int, journals: str) -> None:
    async with serve_health(port, Stop(), lambda: check_database(journals)):
        assert await get(port, "/healthz") == (200, "ok\n")
        assert await get(port, "/readyz") == (200, "ok\n")


async def test_a_worker_that_stops_is_alive_and_not_ready(port: int, journals: str) -> None:
    stop = Stop()
    stop.request("SIGTERM was received")

    async with serve_health(port, stop, lambda: check_database(journals)):
        assert await get(port, "/healthz") == (200, "ok\n")
        assert await get(port, "/readyz") == (503, "stopping: SIGTERM was received\n")


async def test_a_worker_without_its_database_is_alive_and_not_ready(port: int, postgres_server: str) -> None:
    async with serve_health(port, Stop(), lambda: check_database(postgres_server)):
        assert await get(port, "/healthz") == (200, "ok\n")
        status, text = await get(port, "/readyz")

    assert status == 503
    assert "klarna-om db init" in text


async def test_a_database_that_does_not_answer_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PROBE_TIMEOUT", 0.05)

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listen(be_silent) as silent:
        dsn = f"postgresql://shop@127.0.0.1:{silent}/shop?sslmode=disable"
        async with serve_health(port, Stop(), lambda: check_database(dsn)):
            assert await get(port, "/readyz") == (503, "the database has not answered for 0.05 seconds\n")


async def test_without_a_port_nothing_is_served() -> None:
    async with serve_health(None, Stop(), lambda: check_database("")):
        pass


async def test_a_port_that_is_taken_ends_the_worker(port: int, journals: str) -> None:
    with socket.create_server(("", port)):
        async with Sandbox() as sandbox:
            worker = await start_worker(sandbox, journals, "--health-port", str(port))
            _, stderr = await worker.communicate()

    assert worker.returncode == 2
    assert f"--health-port {port}: " in stderr.decode()


async def test_the_command_answers_while_a_chunk_runs_and_while_it_ends(port: int, journals: str) -> None:
    async with Sandbox(limit=None) as sandbox, Database.connect(journals) as database:
        await submit_rows(database, sandbox, orders(sandbox, 3))
        sandbox.fail_next(3, fault="hang")
        worker = await start_worker(sandbox, journals, KLARNA_OM_HEALTH_PORT=str(port), KLARNA_OM_GRACE="300")
        while not sandbox.request_count:
            await asyncio.sleep(0.01)

        assert await get(port, "/readyz") == (200, "ok\n")
        worker.terminate()
        assert worker.stderr is not None
        while b"a second signal stops at once" not in (line := await worker.stderr.readline()):
            assert line
        assert await get(port, "/readyz") == (503, "stopping: SIGTERM was received\n")
        assert await get(port, "/healthz") == (200, "ok\n")
        await end(worker)

    assert worker.returncode == 0

"""`klarna-om jobs serve` says where it is, and ends at once."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner

from klarna_om.cli import jobs_serve
from klarna_om.cli.group import group
from klarna_om.live.board import Board
from tests.batch.jobs import START
from tests.support.postgres import database_with_journals

Process = asyncio.subprocess.Process


@pytest.fixture
def dsn(postgres_server: str) -> Iterator[str]:
    """A database with the tables, and no job."""
    with database_with_journals(postgres_server) as made:
        yield made


@asynccontextmanager
async def running(dsn: str, *options: str) -> AsyncIterator[tuple[Process, str]]:
    """The command, and the URL that it has printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "klarna_om.cli", "jobs", "serve", "--port", "0", *options),
        env={**os.environ, "KLARNA_OM_DSN": dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        yield process, next(word for word in line.split() if word.startswith("http"))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_prints_its_url_and_a_signal_ends_it_while_a_stream_is_open(number: int, dsn: str) -> None:
    async with running(dsn) as (process, url), aiohttp.ClientSession() as http, http.get(f"{url}events") as stream:
        assert (await stream.content.readline()).startswith(b"retry:")
        process.send_signal(number)
        _, stderr = await asyncio.wait_for(process.communicate(), 5)

    assert url.startswith("http://127.0.0.1:")
    assert (process.returncode, stderr) == (0, b"")


async def test_another_host_is_warned_about(dsn: str) -> None:
    async with running(dsn, "--host", "0.0.0.0") as (process, _):
        process.terminate()
        _, stderr = await process.communicate()

    assert "the page has no password" in stderr.decode()


def serve(*words: str) -> Any:
    return CliRunner().invoke(group, ["jobs", "serve", *words])


def test_a_port_that_is_taken_is_named(dsn: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = serve("--dsn", dsn, "--port", str(port))

    assert result.exit_code == 2
    assert f"127.0.0.1:{port}: " in result.stderr


def test_a_database_that_is_away_is_named(dsn: str) -> None:
    result = serve("--dsn", "host=127.0.0.1 port=9")

    assert result.exit_code == 2
    assert "the journal's database cannot be used" in result.stderr


def test_without_jinja_the_error_names_the_extra(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("klarna_om.live")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)

    result = serve("--dsn", dsn)

    assert result.exit_code == 2
    assert "pip install 'klarna-om[cli,live]'" in result.stderr


def test_the_terminal_says_why_the_database_is_away_and_when_it_is_back(capsys: pytest.CaptureFixture[str]) -> None:
    report: Callable[[Board], None] = jobs_serve._report

    report(Board(away_since=START, reason="no route"))
    report(Board(read_at=START))

    lines = capsys.readouterr().err.splitlines()
    assert lines == ["klarna-om: 2026-11-23 12:00:00 UTC: no route", "klarna-om: the database is back"]

"""The page and its events over real sockets."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import psycopg
import pytest
from aiohttp import web
from psycopg.conninfo import make_conninfo

from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres import PostgresJournal
from klarna_om.batch.states import State as RowState
from klarna_om.live import application
from klarna_om.live.application import Pages
from klarna_om.live.board import Board, Boards
from klarna_om.live.render import Renderer
from klarna_om.live.serve import serve
from klarna_om.live.state import Item, State
from tests.batch.jobs import Time
from tests.live.jobs import JOB, fill, job_state, result
from tests.support.relay import Relay, relay_to

Read = Callable[[], Awaitable[dict[str, Any]]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def url(dsn: str) -> AsyncIterator[str]:
    async with serve(dsn) as served:
        yield served


@asynccontextmanager
async def events(http: aiohttp.ClientSession, url: str) -> AsyncIterator[Read]:
    """Reads the events of a stream."""
    async with http.get(f"{url}events") as response:
        assert response.content_type == "text/event-stream"

        async def read() -> dict[str, Any]:
            while not (line := await response.content.readline()).startswith(b"data: "):
                if not line:
                    raise EOFError
            found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
            return found

        yield read


async def until(read: Read, name: str, words: str) -> str:
    """Read events until a fragment has these words."""
    while words not in (fragment := (await read())["fragments"].get(name, "")):
        pass
    return str(fragment)


async def until_nothing_is_read() -> None:
    while any(getattr(task.get_coro(), "__qualname__", "") == "Boards._poll" for task in asyncio.all_tasks()):
        await asyncio.sleep(0.01)


async def test_the_page_has_the_state_without_any_script(
    http: aiohttp.ClientSession, url: str, journal: PostgresJournal
) -> None:
    await fill(journal)

    async with http.get(url) as response:
        page = await response.text()

    assert '<h1 id="verdict">1 job runs, 5 rows need a person.</h1>' in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert "CAPTURE_NOT_ALLOWED" in page


async def test_nothing_is_stored_or_loaded_and_no_other_page_may_use_it(http: aiohttp.ClientSession, url: str) -> None:
    async with http.get(url) as response:
        page, headers = await response.text(), response.headers
    async with http.get(f"{url}events") as stream:
        assert stream.headers["Cache-Control"] == "no-store"

    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert re.findall(r"(?:src|href)=", page) == []


async def test_an_event_has_only_what_has_changed(
    http: aiohttp.ClientSession, url: str, journal: PostgresJournal
) -> None:
    await fill(journal)

    async with events(http, url) as read:
        first = await read()
        second = await read()
        await journal.record(result(7, RowState.DONE))
        jobs = await until(read, "jobs", "3 done")

    assert set(first["fragments"]) > {"verdict", "jobs", "person", "finished"}
    assert "clock" in second["fragments"]
    assert "person" not in second["fragments"]
    assert "3 pending" in jobs


async def test_what_nobody_watches_is_not_read(http: aiohttp.ClientSession, url: str) -> None:
    async with events(http, url) as one, events(http, url) as other:
        await asyncio.gather(one(), other())

    await until_nothing_is_read()


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:8765", "10.0.0.1", "[", ""])
@pytest.mark.parametrize("path", ["", "events", "healthz"])
async def test_a_name_of_another_machine_is_refused(
    http: aiohttp.ClientSession, url: str, host: str, path: str
) -> None:
    async with http.get(f"{url}{path}", headers={"Host": host}) as response:
        assert response.status == 403
        assert "localhost" in await response.text()


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:1", "[::1]:8765"])
async def test_a_tunnel_to_this_machine_may_have_another_port(http: aiohttp.ClientSession, url: str, host: str) -> None:
    async with http.get(f"{url}healthz", headers={"Host": host}) as response:
        assert (response.status, await response.text()) == (200, "ok\n")


async def test_where_it_listens_for_others_it_has_any_name(http: aiohttp.ClientSession, dsn: str) -> None:
    async with serve(dsn, "0.0.0.0") as url:
        port = url.removesuffix("/").rpartition(":")[2]
        async with http.get(f"http://127.0.0.1:{port}/", headers={"Host": "jobs.shop.example"}) as response:
            assert response.status == 200


async def test_it_listens_on_ipv6_too(http: aiohttp.ClientSession, dsn: str) -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6")
    async with serve(dsn, "::1") as url:
        assert url.startswith("http://[::1]:")
        async with http.get(url) as response:
            assert response.status == 200


@asynccontextmanager
async def behind_relay(dsn: str) -> AsyncIterator[tuple[Relay, str]]:
    """A connection to the database that can be cut."""
    with psycopg.connect(dsn) as connection:
        port, host = connection.info.port, connection.info.host
    target: int | str = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else port
    async with relay_to(target) as relay:
        yield relay, make_conninfo(dsn, host="127.0.0.1", port=relay.port, sslmode="disable")


async def test_the_stream_outlives_an_outage_of_the_database(
    http: aiohttp.ClientSession, dsn: str, journal: PostgresJournal
) -> None:
    changes: list[Board] = []
    async with behind_relay(dsn) as (relay, there), serve(there, on_change=changes.append) as url:
        await fill(journal)
        async with events(http, url) as read:
            await until(read, "jobs", "2 done")

            relay.cut()
            alert = await until(read, "alerts", "cannot be reached since")
            async with http.get(url) as page:
                text = await page.text()
            relay.is_on = True
            while "cannot be reached" in (fragments := (await read())["fragments"]).get("alerts", "reached"):
                pass

    assert "What is shown is from before." in alert
    assert "2 done" in text
    assert fragments
    assert [board.away_since is None for board in changes] == [False, True]


async def test_a_database_that_is_away_at_the_start_is_an_error(dsn: str) -> None:
    async with behind_relay(dsn) as (relay, there):
        relay.cut()

        with pytest.raises(JournalError, match="cannot be used"):
            async with serve(there):
                pass


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(dsn: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError):
        async with serve(dsn, port=taken.getsockname()[1]):
            pass

    assert len(asyncio.all_tasks()) == 1


async def test_the_end_does_not_wait_for_open_streams(http: aiohttp.ClientSession, dsn: str) -> None:
    async with serve(dsn) as url:
        response = await http.get(f"{url}events")
        await response.content.readline()
        before = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - before < 0.9
    rest = await response.content.read()
    assert rest.endswith(b"\n\n")


async def test_a_client_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "WRITE_TIMEOUT", 0.05)
    count = 0

    async def read() -> State:
        nonlocal count
        count += 1
        item = Item(JOB, count, "order", "", "refused", 400, "CODE", detail="x" * 500_000)
        return State(jobs=[job_state()], items=[item])

    time = Time()
    boards = Boards(read, sleep=time.sleep, clock=time.monotonic)
    runner = web.AppRunner(Pages(boards, Renderer()).application(is_local=True))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2], limit=1024)
        writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not count:
            await asyncio.sleep(0)

        await until_nothing_is_read()

        writer.close()
    finally:
        await runner.cleanup()
        await boards.close()
    assert not reader.at_eof()  # it is alive as long as something refers to it

"""A connection is used for one answer at a time, and a request is sent once."""

import asyncio
import contextlib
import select
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp.connector import Connection

from klarna_om.errors import ConnectionFailed, ConnectionLost, UnrecognizedAnswer
from klarna_om.http.connector import Answer, Connector
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.listening import listen
from tests.support.wire import Answer as WireAnswer
from tests.support.wire import Broken, Cut, Wire, json_answer

CAPTURE = CaptureObject(captured_amount=1)
STRAY = WireAnswer(201, {"Capture-Id": "of-another-call"}).encoded()


class Pushing:
    """A server that sends something on an idle connection, without a request."""

    def __init__(self, stray: bytes, *, on_connection: bool = False) -> None:
        self.stray, self.on_connection = stray, on_connection
        self.requests: list[str] = []
        self.connections = 0
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        if self.on_connection:
            writer.write(self.stray)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
                await reader.readexactly(int(length or 0))
                method, path, _ = head.split(" ", 2)
                self.requests.append(f"{method} {path}")
                document = {"order_id": path.split("/")[4]}
                answer = json_answer(document) if method == "GET" else WireAnswer(201, {"Capture-Id": "right"})
                writer.write(answer.encoded())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def push(self) -> None:
        """Send the stray bytes now; on loopback they are in the other socket when this returns."""
        self._writers[-1].write(self.stray)


@pytest.fixture
async def pushing() -> AsyncIterator[Callable[..., Pushing]]:
    async with contextlib.AsyncExitStack() as servers:

        async def start(stray: bytes, *, on_connection: bool = False) -> Pushing:
            server = Pushing(stray, on_connection=on_connection)
            port = await servers.enter_async_context(listen(server.serve))
            server.url = f"http://127.0.0.1:{port}"
            return server

        yield start  # type: ignore[misc]


@pytest.mark.parametrize("has_been_read", [True, False])
@pytest.mark.parametrize("stray", [STRAY, b"stray bytes", WireAnswer(408).encoded()])
async def test_an_answer_on_an_idle_connection_is_never_returned(
    make_client: MakeClient,
    pushing: Callable[..., asyncio.Future[Pushing]],
    stray: bytes,
    has_been_read: bool,
) -> None:
    server = await pushing(stray)
    klarna = make_client(server.url, retry=Retry.off())
    await klarna.orders.get(ORDER_ID)

    server.push()
    if has_been_read:  # by aiohttp, into its buffer; else it still waits in the socket
        await asyncio.sleep(0.02)

    assert await klarna.captures.create(ORDER_ID, CAPTURE) == "right"
    assert server.connections == 2
    assert len(server.requests) == 2


async def test_without_poll_what_aiohttp_has_read_is_still_seen(
    make_client: MakeClient, pushing: Callable[..., asyncio.Future[Pushing]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(select, "poll")
    server = await pushing(STRAY)
    klarna = make_client(server.url)
    await klarna.orders.get(ORDER_ID)
    server.push()
    await asyncio.sleep(0.02)

    assert await klarna.captures.create(ORDER_ID, CAPTURE) == "right"


async def test_an_answer_before_any_question_is_no_answer(
    make_client: MakeClient, pushing: Callable[..., asyncio.Future[Pushing]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await pushing(STRAY, on_connection=True)
    connect = aiohttp.TCPConnector.connect

    async def slowly(self: aiohttp.TCPConnector, *args: object, **options: object) -> Connection:
        connection = await connect(self, *args, **options)  # type: ignore[arg-type]
        await asyncio.sleep(0.02)
        return connection

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", slowly)

    with pytest.raises(ConnectionFailed, match="answered before anything was asked; nothing was sent") as caught:
        await make_client(server.url, retry=Retry.off()).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert server.requests == []


async def test_the_callers_session_is_safe_with_our_connector(
    make_client: MakeClient, pushing: Callable[..., asyncio.Future[Pushing]]
) -> None:
    server = await pushing(STRAY)
    async with aiohttp.ClientSession(connector=Connector(), response_class=Answer) as session:
        klarna = make_client(server.url, session=session)
        await klarna.orders.get(ORDER_ID)
        server.push()

        assert await klarna.captures.create(ORDER_ID, CAPTURE) == "right"


@pytest.mark.parametrize("cut", [Cut.AFTER_REQUEST, Cut.RESET])
async def test_a_read_on_a_broken_connection_is_sent_once_an_attempt(
    make_client: MakeClient, server: Wire, cut: Cut
) -> None:
    klarna = make_client(retry=Retry.off())
    server.will(json_answer({"order_id": ORDER_ID}), Broken(cut), json_answer({"order_id": ORDER_ID}))
    await klarna.orders.get(ORDER_ID)

    with pytest.raises(ConnectionLost):
        await klarna.orders.get(ORDER_ID)

    assert len(server.requests) == 2


async def test_each_send_of_a_read_is_an_attempt_of_its_own(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    server.will(Broken(Cut.AFTER_REQUEST), json_answer({"order_id": ORDER_ID}))

    reply = await klarna.reply(klarna.orders.get(ORDER_ID))

    assert [attempt.number for attempt in reply.attempts] == [1, 2]
    assert len(server.requests) == 2


async def test_another_server_is_recognized_in_the_callers_session_too(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = WireAnswer(200, {"Content-Type": "text/html"}, b"<html>", is_signed=False)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(UnrecognizedAnswer):
            await make_client(session=session, retry=Retry.off()).orders.acknowledge(ORDER_ID)

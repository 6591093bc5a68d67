"""The error for an exchange that fails, at each point where it can, on real sockets."""

import asyncio
import select
import socket
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
import trustme

from klarna_om.client import KlarnaClient
from klarna_om.errors import (
    AnswerCut,
    AnswerTimeout,
    CertificateRejected,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    KlarnaError,
    NoAnswer,
    UnexpectedRedirect,
)
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.listening import listen
from tests.support.wire import Answer, Broken, Cut, Wire

CAPTURE = CaptureObject(captured_amount=100)
CREATED = Answer(201, {"Capture-Id": "c", "Klarna-Correlation-Id": "corr"}, b"some body")
REFUSED = Answer(403, {}, b'{"error_code": "CAPTURE_NOT_ALLOWED"}')

CUTS: list[tuple[Broken, type[NoAnswer], Outcome]] = [
    (Broken(Cut.BEFORE_READING), ConnectionLost, Outcome.UNKNOWN),
    (Broken(Cut.AFTER_HEADERS), ConnectionLost, Outcome.UNKNOWN),
    (Broken(Cut.AFTER_REQUEST), ConnectionLost, Outcome.UNKNOWN),
    (Broken(Cut.RESET), ConnectionLost, Outcome.UNKNOWN),
    (Broken(Cut.NOT_HTTP), ConnectionLost, Outcome.UNKNOWN),
    (Broken(Cut.AFTER_STATUS_LINE, CREATED), ConnectionLost, Outcome.UNKNOWN),
    (Broken(Cut.HANG), AnswerTimeout, Outcome.UNKNOWN),
    (Broken(Cut.AFTER_ANSWER_HEADERS, CREATED), AnswerCut, Outcome.DONE),
    (Broken(Cut.MID_BODY, CREATED), AnswerCut, Outcome.DONE),
    (Broken(Cut.MID_BODY, REFUSED), AnswerCut, Outcome.REFUSED),
    (Broken(Cut.MID_BODY, Answer(503, {}, b"some body")), AnswerCut, Outcome.UNKNOWN),
]
cuts = pytest.mark.parametrize(("broken", "kind", "outcome"), CUTS, ids=lambda value: getattr(value, "cut", value))


def limit_for(kind: type[NoAnswer]) -> float:
    """Short only where no answer comes: a busy machine may take long to answer."""
    return 0.2 if kind is AnswerTimeout else 30.0


@cuts
async def test_each_cut_has_its_error_and_its_outcome(
    make_client: MakeClient, server: Wire, broken: Broken, kind: type[NoAnswer], outcome: Outcome
) -> None:
    klarna = make_client(retry=Retry.off(), attempt_timeout=limit_for(kind))
    server.otherwise = broken
    server.will(broken)

    with pytest.raises(kind) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    error = caught.value
    assert (type(error), error.outcome, error.idempotency_key, error.order_id) == (kind, outcome, "k", ORDER_ID)
    assert len(error.attempts) == 1
    assert isinstance(error.__cause__, Exception) or kind is AnswerTimeout


@pytest.mark.parametrize(
    ("broken", "kind", "outcome"),
    [row for row in CUTS if row[2] is not Outcome.REFUSED],
    ids=lambda value: getattr(value, "cut", value),
)
async def test_each_cut_is_retried_under_the_same_key(
    make_client: MakeClient, server: Wire, broken: Broken, kind: type[NoAnswer], outcome: Outcome
) -> None:
    klarna = make_client(attempt_timeout=limit_for(kind))
    server.will(broken, broken, CREATED)

    assert await klarna.captures.create(ORDER_ID, CAPTURE) == "c"

    assert len({request.key for request in server.requests}) == 1


async def test_a_refusal_that_breaks_off_is_a_refusal_and_not_retried(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Broken(Cut.MID_BODY, REFUSED)

    with pytest.raises(AnswerCut):
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert len(server.requests) == 1


@pytest.mark.parametrize("extra", ["a\nb", "schön"])
def test_a_user_agent_that_no_header_can_hold_is_refused_at_once(extra: str) -> None:
    with pytest.raises(ConfigurationError, match="user_agent_extra must be printable ASCII"):
        KlarnaClient("eu", api_key="k", user_agent_extra=extra)


async def test_a_cut_answer_keeps_its_correlation_id(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = Broken(Cut.MID_BODY, CREATED)

    with pytest.raises(AnswerCut, match=r"^\[corr\]"):
        await make_client(retry=Retry.off()).captures.create(ORDER_ID, CAPTURE)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_connection_sent_nothing(make_client: MakeClient, host: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        klarna = make_client(f"http://{host}:{port}")

        with pytest.raises(ConnectionFailed) as caught:
            await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert len(caught.value.attempts) == 4


async def test_an_unknown_host_sent_nothing(make_client: MakeClient) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await make_client("https://klarna.invalid", retry=Retry.off()).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT


@pytest.fixture
async def full_backlog() -> AsyncIterator[int]:
    """A port that accepts no connection and refuses none, as a silent firewall does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        fillers: list[socket.socket] = []
        while not fillers or select.select([], fillers[-1:], [], 0.1)[1]:  # until one waits: there is no place left
            fillers.append(socket.socket())
            fillers[-1].setblocking(False)
            fillers[-1].connect_ex(("127.0.0.1", port))
        yield port
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("limit", [{"attempt_timeout": 0.2}, {"total_timeout": 0.2}])
async def test_a_connection_that_never_comes_sent_nothing(
    make_client: MakeClient, full_backlog: int, limit: dict[str, float]
) -> None:
    klarna = make_client(f"http://127.0.0.1:{full_backlog}", retry=Retry.off(), **limit)

    with pytest.raises(ConnectionFailed) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT


async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_a_certificate_that_proves_nothing_is_rejected_at_once(make_client: MakeClient) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with listen(close, tls=context) as port:
        klarna = make_client(f"https://localhost:{port}")

        with pytest.raises(CertificateRejected) as caught:
            await klarna.captures.create(ORDER_ID, CAPTURE)

    assert (caught.value.outcome, len(caught.value.attempts)) == (Outcome.NOT_SENT, 1)


async def test_a_server_without_tls_got_nothing(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(server.url.replace("http:", "https:"), retry=Retry.off(), attempt_timeout=2.0)

    with pytest.raises(ConnectionFailed) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert not server.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(klarna: KlarnaClient, server: Wire, status: int) -> None:
    server.will(Answer(status, {"Location": f"{server.url}/elsewhere"}))

    with pytest.raises(UnexpectedRedirect) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert (len(server.requests), caught.value.outcome) == (1, Outcome.UNKNOWN)


async def test_a_connection_that_the_server_closed_between_calls_costs_nothing(
    klarna: KlarnaClient, server: Wire
) -> None:
    server.will(Answer(204, {"Connection": "close"}))
    await klarna.orders.acknowledge(ORDER_ID)
    server.will(Broken(Cut.BEFORE_READING))

    reply = await klarna.reply(klarna.orders.acknowledge(ORDER_ID, idempotency_key="k"))

    assert [attempt.rule for attempt in reply.attempts] == ["connection lost", "success"]
    assert server.requests[-1].key == "k"


@pytest.mark.parametrize("borrowed", [False, True], ids=["a session of our own", "a borrowed session"])
async def test_the_headers_say_who_we_are_and_what_we_want(
    make_client: MakeClient, server: Wire, borrowed: bool
) -> None:
    server.will(Answer(204), CREATED)

    async with aiohttp.ClientSession(headers={"User-Agent": "shop", "Accept": "text/html"}) as session:
        klarna = make_client(user_agent_extra="shop/2.1", session=session if borrowed else None)
        await klarna.orders.acknowledge(ORDER_ID)
        await klarna.captures.create(ORDER_ID, CAPTURE)

    empty, full = (request.headers for request in server.requests)
    assert full["user-agent"].startswith("klarna-om/0.")
    assert " python/3." in full["user-agent"]
    assert " aiohttp/3." in full["user-agent"]
    assert full["user-agent"].endswith(" shop/2.1")
    assert (full["accept"], full["content-type"]) == ("application/json", "application/json")
    assert (empty["content-length"], empty["content-type"]) == ("0", "application/json")


@pytest.mark.parametrize("name", ["Accept", "accept"])
async def test_a_header_that_the_caller_gives_is_sent_instead_of_ours(
    make_client: MakeClient, server: Wire, name: str
) -> None:
    server.otherwise = Answer(200, {}, b"{}")

    async with aiohttp.ClientSession() as session:
        for given in (None, session):
            await make_client(session=given).request("GET", "/x", headers={name: "text/csv"})

    assert [request.headers["accept"] for request in server.requests] == ["text/csv", "text/csv"]


async def test_a_proxy_that_refuses_got_nothing_through(
    make_client: MakeClient, server: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", server.url)
    server.otherwise = Answer(407)
    klarna = make_client("https://klarna.invalid", trust_env=True, retry=Retry.off())

    with pytest.raises(ConnectionFailed, match="the proxy refused") as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert server.requests[0].method == "CONNECT"


async def test_proxies_of_the_environment_are_ignored_unless_asked_for(
    make_client: MakeClient, server: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", server.url)

    with pytest.raises(KlarnaError):
        await make_client("https://klarna.invalid", retry=Retry.off()).orders.get(ORDER_ID)

    assert not server.requests

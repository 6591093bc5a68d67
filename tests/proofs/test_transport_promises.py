"""What the wire is like: old TLS is refused, a stale connection costs an attempt and no more, the pool has its size."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import trustme

from klarna_om.errors import CertificateRejected, ConnectionFailed
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.proofs.calling import WRITE_CALLS, Where
from tests.proofs.conftest import until
from tests.proofs.raw_klarna import Break, RawKlarna
from tests.support.calls import CAPTURE_ID, ORDER_ID
from tests.support.listening import listen
from tests.support.raw_http import End, Point

CAPTURE = CaptureObject(captured_amount=100)
AUTHORITY = trustme.CA()


def only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's TLS of one version; SECLEVEL=0 lets OpenSSL 3 offer the old ones at all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version
    context.minimum_version = version
    return context


def trusting(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client's TLS that trusts the server and takes even that version."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = version
    return context


Serve = Callable[[ssl.SSLContext], Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Listens on a port of `localhost` and closes what it accepts."""

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with contextlib.AsyncExitStack() as servers:
        yield lambda context: servers.enter_async_context(listen(close, tls=context))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_a_server_that_offers_only_tls_1_1_is_refused_before_anything_is_sent(
    make_client: MakeClient, serve: Serve
) -> None:
    port = await serve(only(ssl.TLSVersion.TLSv1_1))
    try:
        _, willing = await asyncio.open_connection("localhost", port, ssl=trusting(ssl.TLSVersion.TLSv1_1))
    except (ssl.SSLError, OSError):  # pragma: no cover
        pytest.skip("OpenSSL here cannot offer TLS 1.1 at all")
    assert willing.get_extra_info("ssl_object").version() == "TLSv1.1"
    willing.close()

    with pytest.raises(ConnectionFailed) as caught:
        await make_client(f"https://localhost:{port}", retry=Retry.off()).captures.create(ORDER_ID, CAPTURE)

    assert (type(caught.value), caught.value.outcome) == (ConnectionFailed, Outcome.NOT_SENT)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_with_later_tls_the_server_has_to_prove_its_name(
    make_client: MakeClient, serve: Serve, version: ssl.TLSVersion
) -> None:
    """It is not the version that is refused here, but the certificate, whose authority is unknown."""
    port = await serve(only(version))

    with pytest.raises(CertificateRejected):
        await make_client(f"https://localhost:{port}").captures.create(ORDER_ID, CAPTURE)


@pytest.mark.parametrize("end", [End.CLOSE, End.RESET])
@pytest.mark.parametrize("operation", WRITE_CALLS)
async def test_a_pooled_connection_that_dies_under_a_write_is_replaced_and_counted(
    make_client: MakeClient, raw: RawKlarna, operation: str, end: End
) -> None:
    """The server drops the kept connection when it has read the next request, and has not acted on it."""
    klarna, where = make_client(raw.url), Where(ORDER_ID, CAPTURE_ID)
    await klarna.orders.acknowledge(ORDER_ID)
    raw.breaks = [Break(Point.REQUEST, end, executes=False)]

    reply = await klarna.reply(WRITE_CALLS[operation](klarna, where, "k"))

    assert [attempt.rule for attempt in reply.attempts] == ["connection lost", "success"]
    assert [request.key for request in raw.requests[1:]] == ["k", "k"]
    assert (raw.connections, raw.effects["k"]) == (2, 1)


async def test_a_connection_that_was_closed_while_idle_is_not_used_again(
    make_client: MakeClient, raw: RawKlarna
) -> None:
    klarna = make_client(raw.url)
    raw.breaks = [Break(Point.ANSWER, End.CLOSE)]
    await klarna.orders.acknowledge(ORDER_ID)
    await until(lambda: raw.open_connections == 0)
    await asyncio.sleep(0.05)  # until the client sees it

    reply = await klarna.reply(klarna.orders.acknowledge(ORDER_ID))

    assert len(reply.attempts) == 1


async def test_no_more_connections_are_opened_than_may_be_in_flight(make_client: MakeClient, raw: RawKlarna) -> None:
    raw.seconds = 0.01
    klarna = make_client(raw.url, in_flight=5)

    await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(50)))

    assert (raw.connections, len(raw.requests)) == (5, 50)

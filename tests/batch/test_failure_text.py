"""What the words say that a person reads when calls fail, from real sockets to the sentence."""

import socket
import ssl
from typing import Any

import aiohttp
import pytest

from klarna_om.batch.failure_text import as_clause, describe_failure
from klarna_om.client import KlarnaClient
from klarna_om.errors import CertificateRejected, ConnectionFailed, KlarnaError, QueueTimeout
from klarna_om.retry.policy import Retry
from tests.batch.fake_sender import order_id, response_error
from tests.support.time import Sleeps
from tests.support.wire import Answer, Broken, Cut, Slow, Step, Wire, json_answer

PAGE = {"Content-Type": "text/html; charset=utf-8"}
TARGET = "https://klarna.example"


async def fail(url: str, sleeps: Sleeps, **options: Any) -> KlarnaError:
    """The error of an acknowledgement at that URL."""
    async with KlarnaClient(url, username="shop", password="secret", pace="off", sleep=sleeps, **options) as klarna:
        with pytest.raises(KlarnaError) as raised:
            await klarna.orders.acknowledge(order_id(1))
    return raised.value


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (Answer(503, PAGE, is_signed=False), "the last answer was 503 (text/html) from {}"),
        (Answer(502, is_signed=False), "the last answer was 502 from {}"),
        (json_answer({"error_code": "UNEXPECTED_ERROR"}, 500), "the last answer was 500 (UNEXPECTED_ERROR) from {}"),
        (Answer(401, PAGE, b"<title>401 Unauthorized</title>"), "the credentials were rejected (401)"),
        (Broken(Cut.AFTER_REQUEST), "the connection to {} ended without a complete answer"),
        (Broken(Cut.NOT_HTTP), "the connection to {} ended without a complete answer"),
        (Broken(Cut.MID_BODY, Answer(200, PAGE, b"0123456789")), "the last answer (200) from {} broke off"),
        (Slow(Answer(), 5.0), "no answer from {} in time"),
    ],
    ids=["503", "502", "code", "401", "closed", "not-http", "cut", "silence"],
)
async def test_an_answer_or_its_absence_is_one_clause(server: Wire, sleeps: Sleeps, step: Step, sentence: str) -> None:
    server.otherwise = step
    attempt_timeout = 0.2 if isinstance(step, Slow) else 30.0

    error = await fail(server.url, sleeps, attempt_timeout=attempt_timeout, retry=Retry(max_attempts=1))

    assert describe_failure(error, server.url) == sentence.format(server.url)


async def test_a_refused_connection_names_the_address(sleeps: Sleeps, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"

    error = await fail(url, sleeps)

    assert describe_failure(error, url) == f"no connection to 127.0.0.1:{unused_tcp_port} (refused)"


async def test_a_refused_connection_to_a_proxy_names_the_proxy(
    server: Wire, sleeps: Sleeps, unused_tcp_port: int
) -> None:
    error = await fail(server.url, sleeps, proxy=f"http://127.0.0.1:{unused_tcp_port}")

    assert describe_failure(error, server.url) == f"no connection to the proxy 127.0.0.1:{unused_tcp_port} (refused)"


async def test_a_proxy_that_refuses_is_named_with_its_status(server: Wire, sleeps: Sleeps) -> None:
    server.otherwise = Answer(407, is_signed=False)

    error = await fail(TARGET, sleeps, proxy=server.url)

    assert describe_failure(error, TARGET) == "the proxy refused to connect to klarna.example (407)"


async def test_a_server_without_tls_is_named(server: Wire, sleeps: Sleeps) -> None:
    server.otherwise = Answer()
    url = server.url.replace("http:", "https:")

    error = await fail(url, sleeps, attempt_timeout=2, retry=Retry(max_attempts=1))

    assert describe_failure(error, url).startswith(f"no connection to {url.removeprefix('https://')}")


def caused_by(error: KlarnaError, cause: Exception | None) -> KlarnaError:
    error.__cause__ = cause
    return error


def connector_error(
    reason: OSError, host: str = "klarna.example", kind: type = aiohttp.ClientConnectorError
) -> Exception:
    key = aiohttp.client_reqrep.ConnectionKey(host, 443, True, True, None, None, None)
    error: Exception = kind(key, reason)
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConnectionFailed("x"), "no connection to klarna.example"),
        (caused_by(ConnectionFailed("x"), ValueError()), "no connection to klarna.example"),
        (caused_by(ConnectionFailed("x"), OSError(5, "odd")), "no connection to klarna.example"),
        (
            caused_by(ConnectionFailed("x"), connector_error(socket.gaierror(-2, "not known"))),
            "no connection to klarna.example:443 (its name is not known)",
        ),
        (
            caused_by(ConnectionFailed("x"), connector_error(ssl.SSLError(1, "odd"))),
            "no connection to klarna.example:443 (the TLS handshake failed)",
        ),
        (
            caused_by(ConnectionFailed("x"), connector_error(OSError(113, "no route"), "::1")),
            "no connection to [::1]:443 (no route to it)",
        ),
        (
            caused_by(ConnectionFailed("x"), aiohttp.ConnectionTimeoutError("too long")),
            "no connection to klarna.example (timed out)",
        ),
        (CertificateRejected("x"), "the certificate of klarna.example was rejected"),
        (QueueTimeout("no place\nwithin 3 s."), "no place within 3 s"),
        (response_error(404, b""), "the last answer was 404 from https://klarna.example"),
    ],
    ids=["plain", "value", "odd", "name", "tls", "route", "time", "certificate", "queue", "no-kind"],
)
def test_a_failure_without_an_answer_is_one_clause(error: KlarnaError, sentence: str) -> None:
    assert describe_failure(error, TARGET) == sentence


def test_a_rejected_certificate_has_its_reason() -> None:
    reason = ssl.SSLCertVerificationError(1, "odd")
    reason.verify_message = "self-signed certificate"
    cause = connector_error(reason, kind=aiohttp.ClientConnectorCertificateError)

    sentence = describe_failure(caused_by(CertificateRejected("x"), cause), TARGET)

    assert sentence == "the certificate of klarna.example:443 was rejected (self-signed certificate)"


def test_a_quoted_message_has_no_full_stop_of_its_own() -> None:
    assert as_clause("no such order.\n") == "no such order"

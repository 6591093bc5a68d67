"""The way to the host, on real sockets: through which proxy, and whose certificates are trusted."""

import asyncio
import logging
import os
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme

from klarna_om.client import KlarnaClient
from klarna_om.errors import CertificateRejected, ConfigurationError, ConnectionFailed, ConnectionLost
from klarna_om.http.proxy import read_proxy
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.proxy import TunnelProxy, tunnel_proxy
from tests.support.wire import Answer, Broken, Cut, Wire, wire

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
OURS = "Basic dXNlcjpzZWNyZXQ="
"""`user:secret`, the credentials of `make_client`."""


@pytest.fixture(autouse=True)
def no_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
async def tls_server(authority: trustme.CA) -> AsyncIterator[Wire]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with wire(tls=context) as served:
        yield served


@pytest.fixture
async def proxy() -> AsyncIterator[TunnelProxy]:
    async with tunnel_proxy() as served:
        yield served


def with_password(proxy: TunnelProxy) -> str:
    return proxy.url.replace("http://", "http://joe:p%40ss@")


@pytest.mark.parametrize("kind", ["str", "Path", "SSLContext"])
@pytest.mark.parametrize("is_borrowed", [False, True], ids=["own session", "borrowed session"])
async def test_a_server_of_the_authority_that_is_given_is_trusted(
    make_client: MakeClient, tls_server: Wire, ca_file: Path, kind: str, is_borrowed: bool
) -> None:
    ca = {"str": str(ca_file), "Path": ca_file, "SSLContext": ssl.create_default_context(cafile=str(ca_file))}[kind]

    async with aiohttp.ClientSession() as session:
        klarna = make_client(tls_server.url, ca=ca, session=session if is_borrowed else None)
        await klarna.orders.acknowledge(ORDER_ID)
        await klarna.orders.acknowledge(ORDER_ID)

    assert (len(tls_server.requests), tls_server.connections) == (2, 1)


async def test_the_authority_that_is_given_is_the_only_one_trusted(
    make_client: MakeClient, tls_server: Wire, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))

    with pytest.raises(CertificateRejected):
        await make_client(tls_server.url, ca=tmp_path / "other.pem").orders.acknowledge(ORDER_ID)

    assert not tls_server.requests


async def test_a_rejected_certificate_says_how_to_trust_it_and_not_to_call_again(
    make_client: MakeClient, tls_server: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    monkeypatch.setenv("no_proxy", "elsewhere")

    with pytest.raises(CertificateRejected) as caught:
        await make_client(tls_server.url).orders.acknowledge(ORDER_ID)

    explanation = caught.value.explain()
    assert caught.value.outcome is Outcome.NOT_SENT
    assert "ca=" in explanation
    assert "SSL_CERT_FILE" in explanation
    assert "safe to call again" not in explanation
    assert "https_proxy" not in explanation


async def test_ssl_cert_file_is_honoured_when_set_before_python_starts(tls_server: Wire, ca_file: Path) -> None:
    code = """
import asyncio, sys
from klarna_om import KlarnaClient
async def main():
    async with KlarnaClient(sys.argv[1], api_key="k") as klarna:
        await klarna.orders.acknowledge("o")
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, tls_server.url, env={**os.environ, "SSL_CERT_FILE": str(ca_file)}
    )

    assert await process.wait() == 0
    assert len(tls_server.requests) == 1


@pytest.mark.parametrize(
    ("ca", "message"),
    [
        ("/nowhere/ca.pem", "ca: /nowhere/ca.pem cannot be read: No such file"),
        ("a\0b", "cannot be read"),
        (__file__, "holds no certificates in PEM format"),
        ("", "ca is the path of a PEM file, or an ssl.SSLContext"),
        (True, "ca is the path of a PEM file, or an ssl.SSLContext"),
        (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "an SSLContext that accepts every server"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_ca_that_proves_nothing_is_refused(ca: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        KlarnaClient("eu", api_key="k", ca=ca)  # type: ignore[arg-type]


def test_a_context_that_checks_no_names_is_refused() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False

    with pytest.raises(ConfigurationError, match="an SSLContext that accepts every server"):
        KlarnaClient("eu", api_key="k", ca=context)


@pytest.mark.parametrize("is_borrowed", [False, True], ids=["own session", "borrowed session"])
async def test_calls_go_through_the_proxy_that_is_given(
    make_client: MakeClient, tls_server: Wire, proxy: TunnelProxy, ca_file: Path, is_borrowed: bool
) -> None:
    async with aiohttp.ClientSession() as session:
        klarna = make_client(
            tls_server.url, ca=ca_file, proxy=with_password(proxy), session=session if is_borrowed else None
        )
        await klarna.orders.acknowledge(ORDER_ID)
        await klarna.orders.acknowledge(ORDER_ID)

    (head,) = proxy.requests
    assert head.startswith(f"CONNECT {tls_server.url.removeprefix('https://')} ")
    assert "Proxy-Authorization: Basic am9lOnBAc3M=\r\n" in head
    assert OURS not in head
    assert [request.headers["authorization"] for request in tls_server.requests] == [OURS, OURS]
    assert "proxy-authorization" not in tls_server.requests[0].headers


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
async def test_trust_env_takes_the_proxy_of_the_environment(
    make_client: MakeClient,
    tls_server: Wire,
    proxy: TunnelProxy,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, with_password(proxy).removeprefix("http://"))

    await make_client(tls_server.url, ca=ca_file, trust_env=True).orders.acknowledge(ORDER_ID)

    assert "Proxy-Authorization: Basic am9lOnBAc3M=" in proxy.requests[0]
    assert tls_server.requests[0].headers["authorization"] == OURS


@pytest.mark.parametrize(
    "variables",
    [
        {"no_proxy": "localhost"},
        {"NO_PROXY": "other, localhost"},
        {"no_proxy": "*"},
        {"https_proxy": ""},
        {"https_proxy": " "},
    ],
    ids=str,
)
async def test_a_host_that_no_proxy_names_is_reached_directly(
    make_client: MakeClient,
    tls_server: Wire,
    proxy: TunnelProxy,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
) -> None:
    for name, value in ({"https_proxy": proxy.url} | variables).items():
        monkeypatch.setenv(name, value)

    await make_client(tls_server.url, ca=ca_file, trust_env=True).orders.acknowledge(ORDER_ID)

    assert (len(tls_server.requests), proxy.requests) == (1, [])


async def test_the_error_for_a_refusing_proxy_has_no_password(
    make_client: MakeClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    server.otherwise = Answer(407)
    proxy = server.url.replace("http://", "http://joe:hunter2@")

    with caplog.at_level(logging.DEBUG), pytest.raises(ConnectionFailed, match="the proxy refused") as caught:
        await make_client("https://klarna.invalid", proxy=proxy, retry=Retry.off()).orders.acknowledge(ORDER_ID)

    error = caught.value
    shown = [error.explain(), repr(error), repr(error.__cause__), str(error.__cause__), caplog.text]
    assert not any("hunter2" in text or "am9l" in text for text in shown)
    assert server.requests[0].headers["proxy-authorization"] == "Basic am9lOmh1bnRlcjI="


async def test_over_http_to_this_machine_the_proxy_sees_the_request(make_client: MakeClient, server: Wire) -> None:
    proxy = server.url.replace("http://", "joe:p%40ss@")

    await make_client("http://localhost:9", proxy=proxy).orders.acknowledge(ORDER_ID)

    (request,) = server.requests
    assert request.path.startswith("http://localhost:9/ordermanagement/v1/orders/")
    assert request.headers["proxy-authorization"] == "Basic am9lOnBAc3M="
    assert request.headers["authorization"] == OURS


def test_over_http_no_proxy_elsewhere_reads_the_credentials() -> None:
    with pytest.raises(ConfigurationError, match="over http the credentials would be readable"):
        KlarnaClient("http://127.0.0.1:9", api_key="k", proxy="http://proxy.example:3128")


@pytest.mark.parametrize("is_here", [True, False])
async def test_of_the_environment_http_takes_a_proxy_on_this_machine_only(
    make_client: MakeClient, server: Wire, monkeypatch: pytest.MonkeyPatch, is_here: bool
) -> None:
    monkeypatch.setenv("http_proxy", server.url if is_here else "http://proxy.example:3128")

    await make_client(trust_env=True).orders.acknowledge(ORDER_ID)

    assert server.requests[0].path.startswith("http://") is is_here


@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        ("http://u:hunter2@host:port", "proxy cannot be read"),
        ("http://u:hunter2@[host", "proxy cannot be read"),
        ("http://u:hunter2@", "proxy cannot be read"),
        ("http://u:hunter2 @host", "proxy contains a blank"),
        ("socks5://u:hunter2@host", "proxy must be an http or https proxy"),
        ('"http://u:hunter2@host"', "proxy begins with a quote"),
        ("", "proxy is empty"),
        (5, "proxy must be a string, not int"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(proxy: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        KlarnaClient("eu", api_key="k", proxy=proxy)  # type: ignore[arg-type]

    assert "hunter2" not in str(caught.value)


def test_a_variable_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy")

    with pytest.raises(ConfigurationError, match="^HTTPS_PROXY must be an http or https proxy"):
        KlarnaClient("eu", api_key="k", trust_env=True)


@pytest.mark.parametrize(
    ("text", "url", "is_loopback"),
    [
        ("proxy.example", "http://proxy.example", False),
        ("HTTPS://u@Proxy.example:8443/", "https://proxy.example:8443", False),
        (" http://[::1]:3128\n", "http://[::1]:3128", True),
    ],
)
def test_a_proxy_is_read_as_others_read_it(text: str, url: str, is_loopback: bool) -> None:
    proxy = read_proxy(text, "proxy")

    assert (proxy.url, proxy.is_loopback) == (url, is_loopback)


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
async def test_a_failed_connection_mentions_the_proxy_that_was_not_used(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://u:hunter2@proxy.example")

    with pytest.raises(ConnectionFailed, match=f"{variable} is set, and this client does not use it: pass trust_env"):
        await make_client("https://localhost:9", retry=Retry.off()).orders.acknowledge(ORDER_ID)


@pytest.mark.parametrize(
    ("variables", "url", "is_borrowed"),
    [
        ({}, "https://localhost:9", False),
        ({"https_proxy": "http://proxy.example", "no_proxy": "localhost"}, "https://localhost:9", False),
        ({"http_proxy": "http://proxy.example"}, "http://localhost:9", False),
        ({"https_proxy": "http://proxy.example"}, "https://localhost:9", True),
    ],
    ids=["none is set", "the host is excluded", "this machine itself", "a borrowed session may know it"],
)
async def test_without_an_unused_proxy_none_is_mentioned(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, is_borrowed: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    async with aiohttp.ClientSession() as session:
        klarna = make_client(url, retry=Retry.off(), session=session if is_borrowed else None)
        with pytest.raises(ConnectionFailed) as caught:
            await klarna.orders.acknowledge(ORDER_ID)

    assert "is set" not in str(caught.value)


async def test_only_a_failure_to_connect_mentions_the_proxy(
    make_client: MakeClient, tls_server: Wire, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    tls_server.otherwise = Broken(Cut.AFTER_REQUEST)

    with pytest.raises(ConnectionLost) as caught:
        await make_client(tls_server.url, ca=ca_file, retry=Retry.off()).orders.acknowledge(ORDER_ID)

    assert "https_proxy" not in str(caught.value)

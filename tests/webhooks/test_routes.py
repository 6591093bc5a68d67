"""The routes, each in a real server: what Klarna sends, what attackers send, and what they get."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from klarna_om import ConfigurationError, KlarnaClient
from klarna_om.sandbox import Sandbox
from klarna_om.web.aiohttp_web import klarna_context
from klarna_om.web.starlette import lifespan
from klarna_om.webhooks import Push, PushResult, aiohttp_web, starlette
from klarna_om.webhooks.request import MAX_BODY
from tests.support.shop import Shop
from tests.support.web_servers import serve_aiohttp, serve_asgi

TOKEN = "the-secret"
NOT_KNOWN = "00000000-0000-4000-8000-000000000000"

Serve = Callable[[Sandbox, Shop, list[Push]], AbstractAsyncContextManager[str]]


def client_of(sandbox: Sandbox) -> Callable[[], KlarnaClient]:
    return lambda: KlarnaClient(sandbox.url, username=sandbox.username, password=sandbox.password)


def with_aiohttp(sandbox: Sandbox, shop: Shop, received: list[Push]) -> AbstractAsyncContextManager[str]:
    app = web.Application()
    app.cleanup_ctx.append(klarna_context(client_of(sandbox)))
    app.add_routes(
        [
            aiohttp_web.push_route("/push/{token}", shop.store_request, expected=TOKEN, on_push=received.append),
            aiohttp_web.push_route("/p/{id}", shop.store_request, parameter="id", budget=0.3, acknowledge=False),
            aiohttp_web.notification_route("/fraud", shop.handle_request, expected=[TOKEN], on_push=received.append),
        ]
    )
    return serve_aiohttp(app)


def asgi_routes(shop: Shop, received: list[Push]) -> list[Route]:
    return [
        starlette.push_route("/push/{token}", shop.store_request, expected=TOKEN, on_push=received.append),
        starlette.push_route("/p/{id}", shop.store_request, parameter="id", budget=0.3, acknowledge=False),
        starlette.notification_route("/fraud", shop.handle_request, expected=[TOKEN], on_push=received.append),
    ]


def with_starlette(sandbox: Sandbox, shop: Shop, received: list[Push]) -> AbstractAsyncContextManager[str]:
    return serve_asgi(Starlette(routes=asgi_routes(shop, received), lifespan=lifespan(client_of(sandbox))))


def with_fastapi(sandbox: Sandbox, shop: Shop, received: list[Push]) -> AbstractAsyncContextManager[str]:
    return serve_asgi(FastAPI(routes=[*asgi_routes(shop, received)], lifespan=lifespan(client_of(sandbox))))


@pytest.fixture
def received() -> list[Push]:
    """What the metrics received."""
    return []


@pytest.fixture(params=[with_aiohttp, with_starlette, with_fastapi], ids=lambda serve: serve.__name__[5:])
async def url(request: pytest.FixtureRequest, sandbox: Sandbox, shop: Shop, received: list[Push]) -> AsyncIterator[str]:
    """A server of each framework with the routes."""
    serve: Serve = request.param
    async with serve(sandbox, shop, received) as base:
        yield base


async def send(url: str, body: bytes = b"", method: str = "POST") -> int:
    async with aiohttp.request(method, url, data=body) as response:
        assert await response.read() == b"" or response.status == 405
        return response.status


async def test_a_push_is_received(url: str, sandbox: Sandbox, order_id: str, shop: Shop, received: list[Push]) -> None:
    status = await send(f"{url}/push/{TOKEN}?klarna_order_id={order_id}")

    assert (status, list(shop.orders), sandbox.acknowledgements) == (200, [order_id], 1)
    assert [push.result for push in received] == [PushResult.STORED]


async def test_the_id_may_be_in_the_path(url: str, sandbox: Sandbox, order_id: str, shop: Shop) -> None:
    status = await send(f"{url}/p/{order_id}")

    assert (status, list(shop.orders), sandbox.acknowledgements) == (200, [order_id], 0)


async def test_ten_pushes_at_once_are_ten_200s(url: str, sandbox: Sandbox, order_id: str, shop: Shop) -> None:
    shop.seconds = 0.05
    address = f"{url}/push/{TOKEN}?klarna_order_id={order_id}"

    statuses = await asyncio.gather(*(send(address) for _ in range(10)))

    assert (statuses, len(shop.calls), sandbox.acknowledgements) == ([200] * 10, 1, 1)


WRONG = (
    "/push/wrong?klarna_order_id={id}",
    "/push/the-secret%00?klarna_order_id={id}",
    "/push/%ED%A0%80?klarna_order_id={id}",
    "/push/the-secret?klarna_order_id=%7Bcheckout.order.id%7D",
    "/push/the-secret?klarna_order_id={id}%2F..%2Fx",
    "/push/the-secret?klarna_order_id=",
    "/push/the-secret",
    "/push/wrong?token=the-secret&klarna_order_id={id}",
    "/fraud?token=wrong",
    "/fraud",
)


async def test_what_is_not_right_is_a_404_without_asking_klarna(
    url: str, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    statuses = {path: await send(url + path.replace("{id}", order_id)) for path in WRONG}

    assert statuses == dict.fromkeys(WRONG, 404)
    assert (sandbox.request_count, shop.calls) == (0, [])


async def test_nothing_but_a_post_is_received(url: str, sandbox: Sandbox, order_id: str) -> None:
    address = f"{url}/push/{TOKEN}?klarna_order_id={order_id}"

    statuses = [await send(address, method=method) for method in ("GET", "PUT", "DELETE")]

    assert (statuses, sandbox.request_count) == ([405] * 3, 0)


async def test_a_push_before_its_order_is_a_503_and_the_next_one_a_200(url: str, sandbox: Sandbox, shop: Shop) -> None:
    address = f"{url}/push/{TOKEN}?klarna_order_id={NOT_KNOWN}"

    early = await send(address)
    sandbox.order(order_id=NOT_KNOWN)
    later = await send(address)

    assert (early, later, sandbox.is_acknowledged(NOT_KNOWN)) == (503, 200, True)


async def test_a_store_that_fails_or_is_slow_is_a_503(url: str, sandbox: Sandbox, order_id: str, shop: Shop) -> None:
    shop.error = RuntimeError()
    failed = await send(f"{url}/p/{order_id}")
    shop.error, shop.seconds = None, 60
    slow = await send(f"{url}/p/{order_id}")

    assert (failed, slow, shop.rolled_back, sandbox.acknowledgements) == (503, 503, 2, 0)


async def test_a_body_that_a_push_should_not_have_is_not_looked_at(url: str, order_id: str) -> None:
    assert await send(f"{url}/push/{TOKEN}?klarna_order_id={order_id}", b"x" * 100_000) == 200


async def test_a_notification_is_received(url: str, order_id: str, shop: Shop, received: list[Push]) -> None:
    body = f'{{"order_id": "{order_id}", "event_type": "FRAUD_RISK_ACCEPTED"}}'.encode()

    status = await send(f"{url}/fraud?token={TOKEN}", body)

    assert (status, shop.events) == (200, [(order_id, "FRAUD_RISK_ACCEPTED")])
    assert [push.result for push in received] == [PushResult.HANDLED]


async def test_a_notification_that_is_none_is_a_404(url: str, sandbox: Sandbox, shop: Shop) -> None:
    bodies = (b"", b"{", b"x" * (MAX_BODY + 1), b"[" * MAX_BODY)

    statuses = [await send(f"{url}/fraud?token={TOKEN}", body) for body in bodies]

    assert (statuses, sandbox.request_count, shop.calls) == ([404] * 4, 0, [])


async def begin_notification(url: str, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Announce a body, and send its first byte."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"POST /fraud?token={token} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    return reader, writer


async def test_a_notification_with_a_wrong_token_is_answered_before_its_body_came(url: str) -> None:
    reader, writer = await begin_notification(url, "wrong")

    async with asyncio.timeout(2):
        line = await reader.readline()

    assert b" 404 " in line
    writer.close()
    await writer.wait_closed()


async def test_a_notification_whose_sender_goes_away_is_one_line_in_the_log(
    url: str, received: list[Push], caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await begin_notification(url, TOKEN)
    await asyncio.sleep(0.05)

    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(2):
        while not received:
            await asyncio.sleep(0.01)

    assert [push.result for push in received] == [PushResult.REFUSED_BODY]
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]


@pytest.mark.parametrize("module", [aiohttp_web, starlette])
def test_a_setting_that_cannot_be_meant_is_refused_before_there_is_a_push(module: object, shop: Shop) -> None:
    for route in ("push_route", "notification_route"):
        with pytest.raises(ConfigurationError, match="secret in the URL"):
            getattr(module, route)("/", shop.store_request, expected="")
        with pytest.raises(ConfigurationError, match="budget"):
            getattr(module, route)("/", shop.store_request, budget=0)


async def send_and_go_away(address: str, shop: Shop) -> None:
    """Send a push, and close the connection while the shop is storing."""
    parts = urlsplit(address)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"POST {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
    await shop.started.wait()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("serve", [with_aiohttp, with_starlette], ids=lambda serve: serve.__name__[5:])
async def test_where_the_server_does_not_tell_the_push_is_received_all_the_same(
    sandbox: Sandbox, order_id: str, shop: Shop, received: list[Push], serve: Serve
) -> None:
    shop.seconds = 0.1
    async with serve(sandbox, shop, received) as base:
        await send_and_go_away(f"{base}/push/{TOKEN}?klarna_order_id={order_id}", shop)
        while not received:
            await asyncio.sleep(0.01)

    assert (list(shop.orders), sandbox.acknowledgements) == ([order_id], 1)


async def test_a_client_that_goes_away_ends_the_store_where_the_server_tells(sandbox: Sandbox, shop: Shop) -> None:
    order_id = sandbox.order().order_id
    app = web.Application()
    app.cleanup_ctx.append(klarna_context(client_of(sandbox)))
    app.add_routes([aiohttp_web.push_route("/push", shop.store_request)])
    async with serve_aiohttp(app, handler_cancellation=True) as base:
        address = f"{base}/push?klarna_order_id={order_id}"
        shop.seconds = 60

        await send_and_go_away(address, shop)
        while not shop.rolled_back:
            await asyncio.sleep(0.01)
        shop.seconds = 0
        acknowledged = sandbox.acknowledgements
        again = await send(address)

    assert (acknowledged, again, len(shop.calls), sandbox.acknowledgements) == (0, 200, 2, 1)

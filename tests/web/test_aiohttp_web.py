"""A client in an application of aiohttp.web, in a real server."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from klarna_om import CaptureObject, ClientClosed, KlarnaClient, Retry
from klarna_om.sandbox import Sandbox
from klarna_om.web.aiohttp_web import KLARNA, SERVICE, error_middleware, klarna_context, klarna_of
from tests.support.web_servers import serve_aiohttp
from tests.web.conftest import MakeKlarna


async def capture(request: web.Request) -> web.Response:
    shipment = CaptureObject(captured_amount=int(request.query["amount"]))
    await klarna_of(request).captures.create(request.match_info["id"], shipment)
    return web.Response(status=201)


def shop_of(make_client: MakeKlarna, **options: object) -> web.Application:
    app = web.Application(middlewares=[error_middleware])
    app.cleanup_ctx.append(klarna_context(make_client, **options))  # type: ignore[arg-type]
    app.router.add_post("/orders/{id}/captures", capture)
    return app


async def test_all_requests_share_one_client_which_is_closed_at_the_end(
    make_klarna: MakeKlarna, sandbox: Sandbox
) -> None:
    made: list[KlarnaClient] = []

    def make() -> KlarnaClient:
        made.append(make_klarna())
        return made[-1]

    order_id = sandbox.order(order_amount=1000).order_id or ""
    app = shop_of(make)
    async with serve_aiohttp(app) as url, aiohttp.ClientSession() as session:
        for _ in range(3):
            async with session.post(f"{url}/orders/{order_id}/captures?amount=100") as response:
                assert response.status == 201
        assert (app[KLARNA], app[SERVICE].is_ready) == (made[0], True)

    assert (len(made), sandbox.effects(order_id, "captures.create")) == (1, 3)
    with pytest.raises(ClientClosed):
        await made[0].orders.get(order_id)


async def test_a_sub_application_has_the_client_of_the_whole(make_klarna: MakeKlarna, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000).order_id
    app, inner = shop_of(make_klarna), web.Application()
    inner.router.add_post("/{id}/captures", capture)
    app.add_subapp("/inner", inner)

    async with serve_aiohttp(app) as url, aiohttp.request("POST", f"{url}/inner/{order_id}/captures?amount=1") as seen:
        assert seen.status == 201


async def test_an_error_becomes_its_status_and_a_body_without_personal_data(
    make_klarna: MakeKlarna, sandbox: Sandbox
) -> None:
    order_id = sandbox.order(order_amount=100).order_id
    async with (
        serve_aiohttp(shop_of(make_klarna)) as url,
        aiohttp.request("POST", f"{url}/orders/{order_id}/captures?amount=101") as response,
    ):
        body = await response.json()

    assert (response.status, body["error"], body["error_code"]) == (409, "NotAllowed", "CAPTURE_NOT_ALLOWED")
    assert (body["outcome"], body["order_id"]) == ("refused", order_id)


async def test_when_klarna_is_down_the_answer_says_when_to_come_back() -> None:
    def make() -> KlarnaClient:
        return KlarnaClient("http://127.0.0.1:1", api_key="k", retry=Retry.off())

    async with (
        serve_aiohttp(shop_of(make)) as url,
        aiohttp.request("POST", f"{url}/orders/x/captures?amount=1") as response,
    ):
        assert (response.status, response.headers["Retry-After"]) == (503, "5")


async def test_an_application_without_a_client_says_what_to_add() -> None:
    app = web.Application(middlewares=[error_middleware])
    app.router.add_post("/orders/{id}/captures", capture)

    async with (
        serve_aiohttp(app) as url,
        aiohttp.request("POST", f"{url}/orders/x/captures?amount=1") as response,
    ):
        assert response.status == 500
        assert (await response.json())["error"] == "ConfigurationError"


async def test_what_runs_in_the_background_stops_with_the_application(make_klarna: MakeKlarna) -> None:
    log: list[str] = []

    async def drain(klarna: KlarnaClient) -> None:
        log.append("started")
        try:
            await asyncio.sleep(60)
        finally:
            log.append("stopped")

    async with serve_aiohttp(shop_of(make_klarna, background=[drain], grace=1.0)):
        await asyncio.sleep(0)
        assert log == ["started"]

    assert log == ["started", "stopped"]

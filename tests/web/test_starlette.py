"""A client in Starlette and FastAPI, in a real server; Klarna's types are response models there."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import aiohttp
import pytest
from fastapi import Body, Depends, FastAPI, Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from klarna_om import CaptureObject, ClientClosed, ConfigurationError, KlarnaClient, Order, Retry
from klarna_om.sandbox import Sandbox
from klarna_om.structuring import to_dict
from klarna_om.web import Service
from klarna_om.web.starlette import exception_handlers, klarna_of, lifespan, service_of
from tests.support.web_servers import serve_asgi
from tests.web.conftest import MakeKlarna

Klarna = Annotated[KlarnaClient, Depends(klarna_of)]


def shop_of(make_client: MakeKlarna, **options: Any) -> FastAPI:
    app = FastAPI(lifespan=lifespan(make_client, **options), exception_handlers=dict(exception_handlers))

    @app.get("/orders/{order_id}")
    async def order(order_id: str, klarna: Klarna) -> Order:
        return await klarna.orders.get(order_id)

    @app.get("/orders")
    async def orders(order_id: str, klarna: Klarna) -> list[Order]:
        return [await klarna.orders.get(order_id)]

    @app.post("/orders/{order_id}/captures")
    async def capture(order_id: str, body: Annotated[CaptureObject, Body()], klarna: Klarna) -> dict[str, str]:
        return {"capture_id": await klarna.captures.create(order_id, body)}

    @app.get("/ready")
    async def ready(service: Annotated[Service, Depends(service_of)]) -> Response:
        return Response(status_code=200 if service.is_ready else 503)

    return app


async def get(url: str) -> tuple[int, Any, Mapping[str, str]]:
    async with aiohttp.request("GET", url) as response:
        return response.status, await response.json(), response.headers


async def post(url: str, body: object) -> tuple[int, Any]:
    async with aiohttp.request("POST", url, json=body) as response:
        return response.status, await response.json()


async def test_an_order_is_returned_as_it_is(make_klarna: MakeKlarna, sandbox: Sandbox) -> None:
    order = sandbox.order(order_amount=1000, captured_amount=300)
    async with serve_asgi(shop_of(make_klarna)) as url:
        one = await get(f"{url}/orders/{order.order_id}")
        several = await get(f"{url}/orders?order_id={order.order_id}")

    assert (one[0], one[1]) == (200, to_dict(order))
    assert (several[0], several[1]) == (200, [to_dict(order)])


async def test_the_openapi_document_describes_the_types(make_klarna: MakeKlarna) -> None:
    async with serve_asgi(shop_of(make_klarna)) as url:
        _, document, _ = await get(f"{url}/openapi.json")

    schemas = document["components"]["schemas"]
    answer = document["paths"]["/orders/{order_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"] == {"$ref": "#/components/schemas/Order"}
    assert schemas["Order"]["properties"]["captures"]["items"] == {"$ref": "#/components/schemas/Capture"}
    assert schemas["Order"]["properties"]["order_amount"]["type"] == "integer"
    assert schemas["CaptureObject"]["required"] == ["captured_amount"]


async def test_a_body_is_read_into_klarnas_type(make_klarna: MakeKlarna, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000).order_id or ""
    async with serve_asgi(shop_of(make_klarna)) as url:
        made = await post(f"{url}/orders/{order_id}/captures", {"captured_amount": 300, "reference": "7"})
        wrong = await post(f"{url}/orders/{order_id}/captures", {"captured_amount": "300"})

    assert (made[0], sandbox.get(order_id).captured_amount) == (200, 300)
    assert (wrong[0], "captured_amount" in wrong[1]["detail"][0]["msg"]) == (422, True)


async def test_an_error_becomes_its_status_and_a_body_without_personal_data(
    make_klarna: MakeKlarna, sandbox: Sandbox
) -> None:
    async with serve_asgi(shop_of(make_klarna)) as url:
        status, body, _ = await get(f"{url}/orders/00000000-0000-4000-8000-000000000000")

    assert (status, body["error"], body["error_code"]) == (404, "NotFound", "NO_SUCH_ORDER")


async def test_when_klarna_is_down_the_answer_says_when_to_come_back() -> None:
    app = shop_of(lambda: KlarnaClient("http://127.0.0.1:1", api_key="k", retry=Retry.off()))
    async with serve_asgi(app) as url:
        status, body, headers = await get(f"{url}/orders/x")

    assert (status, body["outcome"], headers["Retry-After"]) == (503, "not_sent", "5")


async def test_the_client_is_closed_at_the_end_and_readiness_is_told(make_klarna: MakeKlarna) -> None:
    made: list[KlarnaClient] = []

    def make() -> KlarnaClient:
        made.append(make_klarna())
        return made[-1]

    async with serve_asgi(shop_of(make)) as url, aiohttp.request("GET", f"{url}/ready") as response:
        assert response.status == 200

    assert len(made) == 1
    with pytest.raises(ClientClosed):
        await made[0].orders.get("x")


async def test_what_runs_in_the_background_stops_with_the_application(make_klarna: MakeKlarna) -> None:
    log: list[str] = []

    async def drain(klarna: KlarnaClient) -> None:
        log.append("started")
        try:
            await asyncio.sleep(60)
        finally:
            log.append("stopped")

    async with serve_asgi(shop_of(make_klarna, background=[drain], grace=1.0)):
        assert log == ["started"]

    assert log == ["started", "stopped"]


async def test_it_fits_into_a_lifespan_of_the_shops_own(make_klarna: MakeKlarna, sandbox: Sandbox) -> None:
    order_id = sandbox.order().order_id or ""

    @asynccontextmanager
    async def own(app: Starlette) -> AsyncGenerator[Mapping[str, Any]]:
        async with lifespan(make_klarna)(app) as state:
            yield {**state, "pool": "a pool"}

    async def status(request: Request) -> PlainTextResponse:
        order = await klarna_of(request).orders.get(order_id)
        return PlainTextResponse(f"{request.state.pool}: {order.status}")

    app = Starlette(routes=[Mount("/inner", routes=[Route("/", status)])], lifespan=own)
    async with serve_asgi(app) as url, aiohttp.request("GET", f"{url}/inner/") as response:
        assert await response.text() == "a pool: AUTHORIZED"


async def test_an_application_without_a_client_says_what_to_add() -> None:
    app = FastAPI(exception_handlers=dict(exception_handlers))

    @app.get("/")
    async def no_client(klarna: Klarna) -> None: ...

    async with serve_asgi(app) as url:
        status, body, _ = await get(url)

    assert (status, body["error"]) == (500, "ConfigurationError")


async def test_settings_that_cannot_work_stop_the_start() -> None:
    app = shop_of(lambda: KlarnaClient("nowhere"))

    with pytest.raises(ConfigurationError):
        async with app.router.lifespan_context(app):
            pytest.fail("it must not start")

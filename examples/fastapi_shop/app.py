"""Puts the parts together: one client, one shop and one drain of the outbox for each process."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from examples.fastapi_shop.routes import router
from examples.shop.database import open_shop
from examples.shop.metrics import Metrics
from examples.shop.settings import Settings
from examples.shop.shop import Shop, ShopError
from klarna_om import KlarnaClient, Order
from klarna_om.web.starlette import exception_handlers, lifespan
from klarna_om.webhooks.starlette import notification_route, push_route


def make_app() -> FastAPI:
    """The application, by the settings of the environment."""
    settings, metrics = Settings.from_environment(), Metrics()
    token, on_push = settings.push_token, metrics.count_push

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncGenerator[Mapping[str, Any]]:
        async with open_shop(settings.database_url) as shop:
            klarna = lifespan(partial(KlarnaClient, hooks=[metrics.hooks]), background=[shop.outbox.drain])
            async with klarna(app) as state:
                yield {**state, "shop": shop, "metrics": metrics}

    app = FastAPI(
        title="A shop",
        lifespan=start,
        exception_handlers={**exception_handlers, ShopError: answer_shop_error},
        routes=[
            push_route("/klarna/push/{token}", store, expected=token, on_push=on_push),
            notification_route("/klarna/fraud/{token}", note_review, expected=token, on_push=on_push),
        ],
    )
    app.include_router(router)
    return app


async def store(request: Request, order: Order) -> bool:
    """A push: when this has committed, `push_route` acknowledges the order."""
    shop: Shop = request.state.shop
    return await shop.store(order)


async def note_review(request: Request, order: Order, _: str) -> bool:
    """A fraud review is over: the order says how, never the event."""
    shop: Shop = request.state.shop
    return await shop.note_review(order)


async def answer_shop_error(_: Request, error: Exception) -> JSONResponse:
    """The shop's own no."""
    assert isinstance(error, ShopError)
    return JSONResponse({"error": str(error)}, error.status)

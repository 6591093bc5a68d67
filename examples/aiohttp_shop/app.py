"""Puts the parts together: one client, one shop and one drain of the outbox for each process."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial

from aiohttp import web

from examples.aiohttp_shop.routes import METRICS, ROUTES, SHOP
from examples.shop.database import open_shop
from examples.shop.metrics import Metrics
from examples.shop.settings import Settings
from examples.shop.shop import ShopError
from klarna_om import KlarnaClient, Order
from klarna_om.web.aiohttp_web import error_middleware, klarna_context
from klarna_om.webhooks.aiohttp_web import notification_route, push_route


def make_app(_: Sequence[str] = ()) -> web.Application:
    """The application, by the settings of the environment."""
    settings, metrics = Settings.from_environment(), Metrics()
    token, on_push = settings.push_token, metrics.count_push

    async def start(app: web.Application) -> AsyncGenerator[None]:
        async with open_shop(settings.database_url) as shop:
            app[SHOP] = shop
            make_client = partial(KlarnaClient, hooks=[metrics.hooks])
            async for _ in klarna_context(make_client, background=[shop.outbox.drain])(app):
                yield

    app = web.Application(middlewares=[error_middleware, answer_shop_error])
    app[METRICS] = metrics
    app.cleanup_ctx.append(start)
    app.add_routes(ROUTES)
    app.add_routes(
        [
            push_route("/klarna/push/{token}", store, expected=token, acknowledge=False, on_push=on_push),
            notification_route("/klarna/fraud/{token}", note_review, expected=token, on_push=on_push),
        ]
    )
    return app


async def store(request: web.Request, order: Order) -> bool:
    """A push: the order and its acknowledgement are committed together, hence `acknowledge=False` above."""
    return await request.app[SHOP].store(order, acknowledge=True)


async def note_review(request: web.Request, order: Order, _: str) -> bool:
    """A fraud review is over: the order says how, never the event."""
    return await request.app[SHOP].note_review(order)


@web.middleware
async def answer_shop_error(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The shop's own no."""
    try:
        return await handler(request)
    except ShopError as error:
        return web.json_response({"error": str(error)}, status=error.status)

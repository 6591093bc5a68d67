"""Routes of aiohttp.web for pushes and notifications; the client is that of `klarna_om.web.aiohttp_web`."""

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from klarna_om.types import Order
from klarna_om.web.aiohttp_web import klarna_of
from klarna_om.webhooks.handle_notification import handle_notification
from klarna_om.webhooks.handle_push import handle_push
from klarna_om.webhooks.push import OnPush
from klarna_om.webhooks.request import check_settings
from klarna_om.webhooks.token import Expected


def push_route(
    path: str,
    store: Callable[[web.Request, Order], Awaitable[object]],
    *,
    expected: Expected = None,
    parameter: str = "klarna_order_id",
    acknowledge: bool = True,
    budget: float = 4.0,
    on_push: OnPush | None = None,
) -> web.RouteDef:
    """`app.add_routes([push_route("/klarna/push/{token}", store, expected=...)])`, for POST only.

    For this one `merchant_urls.push` is `https://shop.example/klarna/push/TOKEN?klarna_order_id={checkout.order.id}`.
    `token`, and the order's id as `parameter`, are taken from the path or the query. `store(request, order)` is the
    `store` of `handle_push`, which explains the rest.
    """
    check_settings(expected, budget, on_push)

    async def receive(request: web.Request) -> web.Response:
        push = await handle_push(
            klarna_of(request),
            _value(request, parameter),
            store=partial(store, request),
            token=_value(request, "token"),
            expected=expected,
            acknowledge=acknowledge,
            budget=budget,
            on_push=on_push,
        )
        return web.Response(status=push.status)

    return web.post(path, receive)


def notification_route(
    path: str,
    handle: Callable[[web.Request, Order, str], Awaitable[object]],
    *,
    expected: Expected = None,
    budget: float = 4.0,
    on_push: OnPush | None = None,
) -> web.RouteDef:
    """The same for `merchant_urls.notification`: `handle(request, order, event)` is that of `handle_notification`."""
    check_settings(expected, budget, on_push)

    async def receive(request: web.Request) -> web.Response:
        push = await handle_notification(
            klarna_of(request),
            request.content.iter_any(),
            handle=partial(handle, request),
            token=_value(request, "token"),
            expected=expected,
            budget=budget,
            on_push=on_push,
        )
        return web.Response(status=push.status)

    return web.post(path, receive)


def _value(request: web.Request, name: str) -> str | None:
    return request.match_info.get(name) or request.query.get(name)

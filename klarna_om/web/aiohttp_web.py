"""A client in an application of aiohttp.web."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from aiohttp import web

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError, KlarnaError
from klarna_om.web.background import Background
from klarna_om.web.error_response import error_response
from klarna_om.web.service import Service

KLARNA = web.AppKey("klarna", KlarnaClient)
"""`request.app[KLARNA]` is the client; in a sub-application `request.config_dict[KLARNA]`."""
SERVICE = web.AppKey("klarna_service", Service)
"""`app[SERVICE].is_ready` is for a readiness probe."""


def klarna_context(
    make_client: Callable[[], KlarnaClient] = KlarnaClient,
    *,
    background: Sequence[Background] = (),
    grace: float = 10.0,
) -> Callable[[web.Application], AsyncIterator[None]]:
    """`app.cleanup_ctx.append(klarna_context())`: one client from start to end of the application.

    The arguments are those of `Service`. What `background` needs of the application, such as a pool, is to be appended
    before this: contexts end in the opposite order.
    """

    async def context(app: web.Application) -> AsyncIterator[None]:
        async with Service(make_client, background=background, grace=grace) as service:
            app[KLARNA], app[SERVICE] = service.klarna, service
            yield

    return context


def klarna_of(request: web.Request) -> KlarnaClient:
    """The client of the application, or of the one that it is a part of."""
    try:
        return request.config_dict[KLARNA]
    except KeyError:
        raise ConfigurationError("no client: app.cleanup_ctx.append(klarna_context())") from None


@web.middleware
async def error_middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """`web.Application(middlewares=[error_middleware])`: a `KlarnaError` becomes its `error_response`."""
    try:
        return await handler(request)
    except KlarnaError as error:
        response = error_response(error)
        return web.json_response(response.body, status=response.status, headers=response.headers)

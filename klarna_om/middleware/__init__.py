"""What happens to every request: one file per concern. A middleware gets a request and the handler below it.

A plain function will do:

    async def stopwatch(request: Request, below: Handler) -> Response:
        started = time.monotonic()
        response = await below(request)
        metrics.timing(request.operation, time.monotonic() - started)
        return response

    KlarnaClient(..., middleware=[stopwatch])

An answer of any status is a `Response`; only what brought no answer raises.
"""

from collections.abc import Awaitable, Callable, Iterable
from types import FunctionType, MethodType

from klarna_om.exchange import Request, Response

Handler = Callable[[Request], Awaitable[Response]]
Middleware = Callable[[Request, Handler], Awaitable[Response]]


def stack(middlewares: Iterable[Middleware], transport: Handler) -> Handler:
    """Put the middlewares above the transport, the first one outermost."""
    handler = transport
    for middleware in reversed(tuple(middlewares)):
        handler = _above(middleware, handler)
    return handler


def _above(middleware: Middleware, below: Handler) -> Handler:
    # A method is looked up here, once, and not at each call of its object. mypy does not know that what is called has
    # a `__call__`.
    is_function = isinstance(middleware, FunctionType | MethodType)
    call = middleware if is_function else middleware.__call__  # type: ignore[operator]
    return lambda request: call(request, below)

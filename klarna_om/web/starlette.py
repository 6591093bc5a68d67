"""A client in an application of Starlette, and so of FastAPI."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError, KlarnaError
from klarna_om.web.background import Background
from klarna_om.web.error_response import error_response
from klarna_om.web.service import Service


def lifespan(
    make_client: Callable[[], KlarnaClient] = KlarnaClient,
    *,
    background: Sequence[Background] = (),
    grace: float = 10.0,
) -> Callable[[Starlette], AbstractAsyncContextManager[Mapping[str, Any]]]:
    """`FastAPI(lifespan=lifespan())`: one client from start to end of the application.

    The arguments are those of `Service`. In a lifespan of your own: `async with lifespan()(app) as state`, and yield
    `{**state, ...}`.
    """

    @asynccontextmanager
    async def context(_: Starlette) -> AsyncGenerator[Mapping[str, Any]]:
        async with Service(make_client, background=background, grace=grace) as service:
            yield {"klarna": service.klarna, "klarna_service": service}

    return context


def klarna_of(request: HTTPConnection) -> KlarnaClient:
    """The client; for FastAPI `Annotated[KlarnaClient, Depends(klarna_of)]`."""
    client: KlarnaClient = _state(request, "klarna")
    return client


def service_of(request: HTTPConnection) -> Service:
    """The service: `is_ready` is for a readiness probe."""
    service: Service = _state(request, "klarna_service")
    return service


def _state(request: HTTPConnection, name: str) -> Any:
    try:
        return getattr(request.state, name)
    except AttributeError:
        raise ConfigurationError("no client: FastAPI(lifespan=klarna_om.web.starlette.lifespan())") from None


async def handle_error(_: Request, error: Exception) -> JSONResponse:
    """Answer a `KlarnaError` with its `error_response`."""
    assert isinstance(error, KlarnaError)
    response = error_response(error)
    return JSONResponse(response.body, response.status, response.headers)


exception_handlers: Mapping[Any, Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {KlarnaError: handle_error}
"""`FastAPI(exception_handlers=dict(exception_handlers))`, or `{**exception_handlers, YourError: ...}`."""

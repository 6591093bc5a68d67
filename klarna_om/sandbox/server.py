"""The HTTP server: one route per operation of the catalogue; it starts and stops in milliseconds."""

from collections.abc import Iterable
from functools import partial

from aiohttp import web

from klarna_om.catalogue import CATALOGUE
from klarna_om.sandbox.listening import origin_of
from klarna_om.sandbox.push_sender import PushSender
from klarna_om.sandbox.request_body import MAX_BODY_SIZE
from klarna_om.sandbox.request_handler import RequestHandler

BACKLOG = 4096  # the kernel must not refuse a client that opens its whole pool at once
SHUTDOWN_TIMEOUT = 0.05  # seconds for handlers that are busy at the end; `shutdown` wakes those that wait


class Server:
    """Serves a request handler and further `routes` on a host and port; port 0 picks a free one.

    Pushes are sent while it serves.
    """

    def __init__(
        self, handler: RequestHandler, routes: Iterable[web.RouteDef], push_sender: PushSender, host: str, port: int
    ) -> None:
        self._handler = handler
        self._routes = routes
        self._push_sender = push_sender
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen, and set the handler's `origin`."""
        if self._runner is not None:
            raise RuntimeError("this sandbox has already been used; make a new one")
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, backlog=BACKLOG).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._handler.origin = origin_of(*self._runner.addresses[0][:2])
        self._push_sender.start()

    async def stop(self) -> None:
        """Wake the handlers that hang, and close every connection."""
        self._handler.shutdown.set()
        await self._push_sender.stop()
        assert self._runner is not None
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(
            client_max_size=MAX_BODY_SIZE + 2  # aiohttp's versions differ by one in how they count
        )
        for operation in CATALOGUE:
            application.router.add_route(operation.method, operation.path, partial(self._handler.handle, operation))
        application.add_routes(self._routes)
        application.router.add_route("*", "/{rest:.*}", self._handler.handle_unknown_path)
        return application

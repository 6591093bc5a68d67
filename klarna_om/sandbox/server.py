"""The HTTP server: one route for each row of the catalogue, opened and closed in milliseconds."""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from klarna_om.catalogue import CATALOGUE
from klarna_om.sandbox.control import Control
from klarna_om.sandbox.desk import LARGEST_BODY, Desk
from klarna_om.sandbox.faults import FaultPlan

BACKLOG = 4096  # a client that opens its whole pool at once must not be refused by the kernel
PATIENCE = 0.05  # seconds for handlers that are busy at the end; waiting ones are woken by `closing`


class Server:
    """Serves a desk on a host and port; port 0 picks a free one."""

    def __init__(self, desk: Desk, change_faults: Callable[[FaultPlan], None], host: str, port: int) -> None:
        self._desk = desk
        self._control = Control(desk, change_faults)
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. The desk learns its origin."""
        if self._runner is not None:
            raise RuntimeError("this sandbox has served already; make a new one")
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=PATIENCE)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, backlog=BACKLOG).start()
        except OSError:
            await self._runner.cleanup()
            raise
        host, port = self._runner.addresses[0][:2]
        self._desk.origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Wake whatever hangs, and close every connection."""
        self._desk.closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    def application(self) -> web.Application:
        """The routes; what fits none of them is answered by `nowhere`."""
        application = web.Application(
            client_max_size=LARGEST_BODY + 2
        )  # aiohttp's versions differ by one in how they count
        for row in CATALOGUE:
            application.router.add_route(row.method, row.path, partial(self._desk.serve, row))
        application.add_routes(self._control.routes())
        application.router.add_route("*", "/{rest:.*}", self._desk.nowhere)
        return application

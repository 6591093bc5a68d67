"""`--health-port`: what Kubernetes asks a worker by HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from klarna_om.batch.journal import JournalError
from klarna_om.batch.stop import Stop

if TYPE_CHECKING:
    from aiohttp import web

PROBE_TIMEOUT = 4.0
"""Seconds for the database's answer; give the probe more (`timeoutSeconds`)."""


@asynccontextmanager
async def serve_health(
    port: int | None, stop: Stop, check: Callable[[], Awaitable[object]]
) -> AsyncGenerator[None, None]:
    """Serve `/healthz` and `/readyz` at all addresses of this machine, unless there is no port.

    `/healthz` answers 200 while the event loop runs. `/readyz` does so while `check` succeeds and no stop is
    requested, else 503 with the reason.
    """
    if port is None:
        yield
        return
    from aiohttp import web

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        reason = await _why_not_ready(stop, check)
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200)

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await _listen(web.TCPSite(runner, port=port), port)
        yield
    finally:
        await runner.cleanup()


async def _listen(site: "web.TCPSite", port: int) -> None:
    try:
        await site.start()
    except OSError as reason:
        raise OSError(reason.errno, reason.strerror, f"--health-port {port}") from reason


async def _why_not_ready(stop: Stop, check: Callable[[], Awaitable[object]]) -> str:
    if stop.is_requested:
        return f"stopping: {stop.reason}"
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            await check()
    except TimeoutError:
        return f"the database has not answered for {PROBE_TIMEOUT:g} seconds"
    except JournalError as reason:
        return str(reason)
    return ""


async def check_database(dsn: str) -> None:
    """Raise `JournalError` unless the database can be connected to and has the tables of this release."""
    from klarna_om.batch.postgres.database import connect_once
    from klarna_om.batch.postgres.migrations import check_version

    async with connect_once(dsn) as connection:
        await check_version(connection)

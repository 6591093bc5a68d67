"""The server: from a database's DSN to a URL."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from klarna_om.batch.postgres import Database
from klarna_om.live.application import Pages
from klarna_om.live.board import Board, Boards
from klarna_om.live.read_state import read_state
from klarna_om.live.render import Renderer
from klarna_om.settings.base_url import is_loopback

SHUTDOWN_TIMEOUT = 1.0
"""Seconds for handlers that are busy at the end; streams are ended before."""


@asynccontextmanager
async def serve(
    dsn: str, host: str = "127.0.0.1", port: int = 0, *, on_change: Callable[[Board], object] = lambda board: None
) -> AsyncGenerator[str, None]:
    """Serve the page while inside; yields its URL.

    `on_change` is called when the database goes away, and when it is back. Raises `JournalError` for a database that
    cannot be used at the start, `OSError` for a port that is taken.
    """
    renderer = Renderer()
    async with Database.connect(dsn, patience=0.0) as database:
        boards = Boards(lambda: read_state(database), on_change=on_change)
        application = Pages(boards, renderer).application(is_local=is_loopback(host))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            yield _url(*runner.addresses[0][:2])
        finally:
            await runner.cleanup()
            await boards.close()


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

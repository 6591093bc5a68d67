"""The pages: `/`, the events that update it, and `/healthz`."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from aiohttp import web

from klarna_om.live.access import HEADERS, check_host_header
from klarna_om.live.board import Board, Boards
from klarna_om.live.render import Rendered, Renderer

WRITE_TIMEOUT = 10.0
"""Seconds for a client to take an event: one that is gone without a word is let go."""


class Pages:
    """The handlers."""

    def __init__(self, boards: Boards, renderer: Renderer) -> None:
        self._boards, self._renderer = boards, renderer
        self._rendered: tuple[Board, Rendered] | None = None

    def application(self, *, is_local: bool) -> web.Application:
        """The application; `is_local`: it serves this machine alone."""
        application = web.Application(middlewares=[check_host_header(is_local=is_local)])
        application.add_routes(
            [
                web.get("/", self._page),
                web.get("/events", self._events, allow_head=False),
                web.get("/healthz", self._healthz),
            ]
        )
        application.on_shutdown.append(self._end_streams)
        return application

    async def _page(self, _: web.Request) -> web.Response:
        page = self._renderer.page(await self._boards.current())
        return web.Response(
            text=page, content_type="text/html", headers={**HEADERS, "Content-Security-Policy": self._renderer.policy}
        )

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n", headers=HEADERS)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: after each reading, the fragments that differ from those that were sent."""
        response = web.StreamResponse(headers={**HEADERS, "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        with suppress(ConnectionError, TimeoutError):  # nobody looks any more
            await response.prepare(request)
            with self._boards.watch():
                await self._send(response)
        return response

    async def _send(self, response: web.StreamResponse) -> None:
        sent: Mapping[str, str] = {}
        board = None
        while (board := await self._boards.next(board)) is not None:
            rendered = self._render(board)
            news = {name: html for name, html in rendered.fragments.items() if sent.get(name) != html}
            sent = rendered.fragments
            data = msgspec.json.encode({"title": rendered.title, "fragments": news})
            async with asyncio.timeout(WRITE_TIMEOUT):
                await response.write(b"retry: 1000\ndata: " + data + b"\n\n")

    def _render(self, board: Board) -> Rendered:
        """Once for all streams."""
        if self._rendered is None or self._rendered[0] is not board:
            self._rendered = board, self._renderer.render(board)
        return self._rendered[1]

    async def _end_streams(self, _: web.Application) -> None:
        self._boards.end()

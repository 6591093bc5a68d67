"""A shop that receives pushes, on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from attrs import define, field, frozen

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.merchant_urls import ORDER_ID


@frozen
class ReceivedPush:
    """One request, as the shop got it."""

    method: str
    path: str
    body: bytes
    content_type: str | None


@define(eq=False)
class Shop:
    """It answers with `status`, after whatever `work` does."""

    url: str = ""
    status: int = 200
    work: Callable[[str], Awaitable[object]] | None = None
    received: list[ReceivedPush] = field(factory=list[ReceivedPush])

    @property
    def push_url(self) -> str:
        return f"{self.url}/push?sid={ORDER_ID}"

    @property
    def notification_url(self) -> str:
        return f"{self.url}/fraud"

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        content_type = request.headers.get("Content-Type")
        self.received.append(ReceivedPush(request.method, request.path_qs, body, content_type))
        if self.work is not None:
            await self.work(request.query.get("sid", ""))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {})


@asynccontextmanager
async def run_shop() -> AsyncIterator[Shop]:
    """Serve a shop on a free port."""
    shop = Shop()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", shop.receive)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield shop
    finally:
        await runner.cleanup()


async def never(_: str) -> None:
    """Work that does not end."""
    await asyncio.Event().wait()


async def send_pushes_after(sandbox: Sandbox, seconds: float) -> None:
    """Set the sandbox's clock forward, and wait until everything that was due is answered."""
    sandbox.clock.advance(seconds=seconds)
    await sandbox.send_due_pushes()

"""Clients of the sandbox that are closed with it: `SandboxClients` is one part of `Sandbox`."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from klarna_om.client import KlarnaClient
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.request_handler import RequestHandler


class SandboxClients:
    """Makes clients, and closes them at the end of the sandbox or of their event loop, whichever is first."""

    clock: Clock
    username: str
    password: str
    _handler: RequestHandler
    _clients: list[tuple[asyncio.AbstractEventLoop, AsyncGenerator[None, None]]]

    @property
    def url(self) -> str:
        """The base URL, for `environment=` of a client. Empty until it serves."""
        return self._handler.origin

    def client(self, **settings: Any) -> KlarnaClient:
        """A client of this sandbox, ready for use in the running event loop. It need not be closed.

        `settings` are those of `KlarnaClient`. Unless they say otherwise, it has the sandbox's credentials, and judges
        the age of idempotency keys by the sandbox's clock.
        """
        loop = asyncio.get_running_loop()
        defaults: dict[str, Any] = {"environment": self.url, "wall_clock": self.clock}
        if "api_key" not in settings:
            defaults |= {"username": self.username, "password": self.password}
        klarna = KlarnaClient(**{**defaults, **settings})
        closing = _close_with_event_loop(klarna)
        with suppress(StopIteration):
            closing.__anext__().send(None)  # to its `yield`: from now on the loop knows it
        self._clients.append((loop, closing))
        return klarna

    async def _aclose_clients(self) -> None:
        """Close those of the running event loop."""
        loop = asyncio.get_running_loop()
        for closing in [closing for owner, closing in self._clients if owner is loop]:
            await closing.aclose()

    def _close_clients(self) -> None:
        """Close those whose event loop has not ended: where it is running, soon after this call."""
        for loop, closing in self._clients:
            if loop.is_running():
                asyncio.run_coroutine_threadsafe(_finish(closing), loop)
            elif not loop.is_closed():
                loop.run_until_complete(_finish(closing))


async def _finish(closing: AsyncGenerator[None, None]) -> None:
    await closing.aclose()


async def _close_with_event_loop(klarna: KlarnaClient) -> AsyncGenerator[None, None]:
    """An event loop closes its asynchronous generators before it ends; so this one's client is closed in time.

    A fixture cannot do it: pytest-asyncio and anyio may end the loop first.
    """
    try:
        yield
    finally:
        await klarna.aclose()

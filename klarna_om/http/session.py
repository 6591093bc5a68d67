"""The client's aiohttp session, the event loop it belongs to, open or closed."""

import asyncio
from collections.abc import Mapping

import aiohttp

from klarna_om.errors import ClientClosed
from klarna_om.http.connector import Answer, Connector
from klarna_om.pace.deadlines import Deadlines
from klarna_om.pace.pacing import Pacing


class HttpSession:
    """Opened at the first call, in that call's event loop; shared by all copies of a client."""

    def __init__(self, session: aiohttp.ClientSession | None, headers: Mapping[str, str], *, in_flight: int) -> None:
        """Use the caller's session and leave it open, or make one of our own with a pool of `in_flight`.

        `headers` are those of every request.
        """
        self._is_borrowed = session is not None
        self._session = session
        self._headers = headers
        self._in_flight = in_flight
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = asyncio.Event()
        self.deadlines = Deadlines()
        self.pacer: Pacing | None = None
        """The merchant's pace, where it comes from a source that clients share."""

    @property
    def headers_to_add(self) -> Mapping[str, str]:
        """Of the headers those that the session does not send by itself: our own session sends them all."""
        return self._headers if self._is_borrowed else {}

    @property
    def capacity(self) -> int:
        """How many requests can be under way: a borrowed session's pool may be smaller than `in_flight`.

        More would wait inside aiohttp, where the wait counts against the attempt.
        """
        connector = self._session.connector if self._session is not None else None
        pools = (connector.limit, connector.limit_per_host) if connector is not None else ()
        return min((self._in_flight, *(pool for pool in pools if pool)))

    def session(self) -> aiohttp.ClientSession:
        """The session, opened if need be; `ClientClosed` after `close` or in another event loop."""
        loop = asyncio.get_running_loop()
        if self.deadlines.is_closed:
            raise ClientClosed("this client is closed: make a new one, or close it later; nothing was sent")
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ClientClosed(
                "this client belongs to another event loop: make one client in each loop; nothing was sent"
            )
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(limit=self._in_flight),
                response_class=Answer,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
            )
        return self._session

    async def sleep(self, seconds: float) -> None:
        """Sleep that long, or until the client is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Close what was opened here. Calls under way end with a typed error; a borrowed session stays open."""
        self._closed.set()
        self.deadlines.close()
        if self._session is not None and not self._is_borrowed:
            await self._session.close()

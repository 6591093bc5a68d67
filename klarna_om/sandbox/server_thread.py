"""A server in a thread with its own event loop, for tests without an event loop or with another one."""

import asyncio
import threading
from concurrent.futures import Future

from klarna_om.sandbox.server import Server


class ServerThread:
    """Starts a server and returns when it listens; stops it and returns when its thread has ended."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._thread: threading.Thread | None = None
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    def start(self) -> None:
        """Listen, or raise the error of the server's start."""
        self._thread = threading.Thread(target=self._run, name="klarna_om sandbox", daemon=True)
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self._thread.join()
            raise

    def stop(self) -> None:
        """Close every connection and end the thread."""
        assert self._thread is not None
        loop, stop = self._ready.result()
        loop.call_soon_threadsafe(stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        start = asyncio.ensure_future(self._server.start())
        await asyncio.wait([start])
        if (error := start.exception()) is not None:
            self._ready.set_exception(error)
            return
        stop = asyncio.Event()
        self._ready.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        await self._server.stop()

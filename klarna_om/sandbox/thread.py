"""A server in a thread with an event loop of its own, for tests that have none, or have another one."""

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
        """Listen, or raise what kept the server from it."""
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
        loop, enough = self._ready.result()
        loop.call_soon_threadsafe(enough.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        starting = asyncio.ensure_future(self._server.start())
        await asyncio.wait([starting])
        if (reason := starting.exception()) is not None:
            self._ready.set_exception(reason)
            return
        enough = asyncio.Event()
        self._ready.set_result((asyncio.get_running_loop(), enough))
        await enough.wait()
        await self._server.stop()

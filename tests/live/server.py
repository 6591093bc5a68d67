"""The live page in a thread of its own, for tests that a browser drives."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from klarna_om.live.serve import serve


@contextmanager
def serve_in_thread(dsn: str, port: int = 0) -> Iterator[str]:
    """Serve the page while inside; yields its URL."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    urls: list[str] = []
    is_ready = threading.Event()

    async def run() -> None:
        async with serve(dsn, port=port) as url:
            urls.append(url)
            is_ready.set()
            await stop.wait()

    def work() -> None:
        try:
            loop.run_until_complete(run())
        finally:
            is_ready.set()
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    is_ready.wait()
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()

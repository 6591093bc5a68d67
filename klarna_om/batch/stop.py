"""A request to stop: nothing new begins, calls in progress end and are recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

Sleep = Callable[[float], Coroutine[Any, Any, None]]


class Stop:
    """Shared by all waits of a run, so that a request to stop ends each of them."""

    def __init__(self, sleep: Sleep = asyncio.sleep) -> None:
        self._event = asyncio.Event()
        self._sleep = sleep
        self._callbacks: list[Callable[[], None]] = []
        self.reason = ""
        """Why it was requested."""

    @property
    def is_requested(self) -> bool:
        """Was a stop requested?"""
        return self._event.is_set()

    def request(self, reason: str = "a stop was requested") -> None:
        """Ask to stop. The first reason counts."""
        self.reason = self.reason or reason
        self._event.set()
        for callback in self._callbacks:
            callback()

    def on_request(self, callback: Callable[[], None]) -> None:
        """Call this at each request to stop."""
        self._callbacks.append(callback)

    async def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until the stop."""
        await self.wait(self._sleep(seconds))

    async def wait(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Wait for a coroutine, but no longer than until the stop."""
        waits: tuple[asyncio.Task[Any], ...] = (
            asyncio.create_task(coroutine),
            asyncio.create_task(self._event.wait()),
        )
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel_all(waits)


def _cancel_all(tasks: tuple[asyncio.Task[Any], ...]) -> Awaitable[object]:
    for task in tasks:
        task.cancel()
    return asyncio.gather(*tasks, return_exceptions=True)

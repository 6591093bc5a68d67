"""When a run ends by the clock: at a time of day, or after so many seconds."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from attrs import frozen

from klarna_om.batch.stop import Stop

CHECK_PERIOD = 10.0
"""Seconds between two looks at the clocks: a machine that slept notices soon that its time is over."""


@frozen
class TimeLimit:
    """No call begins after either of them."""

    until: datetime | None = None
    seconds: float | None = None

    @asynccontextmanager
    async def watch(
        self, stop: Stop, now: Callable[[], datetime], clock: Callable[[], float], started: float
    ) -> AsyncGenerator[None, None]:
        """While inside, request a stop when the time is over. `started` is on the monotonic clock."""

        def left() -> list[tuple[float, str]]:
            found: list[tuple[float, str]] = []
            if self.until is not None:
                found.append(((self.until - now()).total_seconds(), f"it is {self.until:%Y-%m-%d %H:%M %Z}"))
            if self.seconds is not None:
                found.append((started + self.seconds - clock(), f"the run has taken {self.seconds:g} s"))
            return found

        task = asyncio.create_task(_watch(stop, left))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _watch(stop: Stop, left: Callable[[], list[tuple[float, str]]]) -> None:
    while limits := left():
        remaining, reason = min(limits)
        if remaining <= 0:
            stop.request(f"its time is over: {reason}")
            return
        await stop.sleep(min(remaining, CHECK_PERIOD))

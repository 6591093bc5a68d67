"""Time that stands still: clocks, sleeps and randomness for tests."""

import asyncio

from attrs import define, field

NOW = 1_800_000_000.0
"""What every test clock shows at first, in seconds since the epoch."""


@define
class Sleeps:
    """A sleep that returns at once and records its durations."""

    durations: list[float] = field(factory=list[float])

    async def __call__(self, seconds: float) -> None:
        self.durations.append(seconds)
        await asyncio.sleep(0)


@define
class Clock:
    """A clock that stands until it is moved."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def longest(low: float, high: float) -> float:
    """A source of randomness that always gives the upper end, so that delays are exact."""
    return high

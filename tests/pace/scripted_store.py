"""A store whose clock, answers and failures a test decides."""

import asyncio
from collections import deque
from collections.abc import Sequence

from attrs import define, field

from klarna_om.pace.adaptive_rate import AdaptiveRate
from klarna_om.pace.store import Ask, Grant
from tests.pace.scenario import LIMIT

LONG = 1e6


@define
class ScriptedStore:
    """Grants every slot at once, on a clock of its own, unless it is told otherwise."""

    now: float = 5000.0
    rate: Sequence[float] = field(factory=lambda: AdaptiveRate(LIMIT, 1.0, None).numbers())
    held_until: float = 0.0
    version: int = 0
    most: int = 1000
    """Slots of a lane that it grants at once."""
    due_in: float = 0.0
    """Seconds until the slot after those."""
    ahead: float = 0.0
    """Seconds until the granted slots."""
    failures: deque[Exception] = field(factory=deque[Exception])
    conflicts: int = 0
    """Writes that come too late."""
    is_silent: bool = False
    asks: list[Ask] = field(factory=list[Ask])
    is_closed: bool = False

    def __str__(self) -> str:
        return "a script"

    async def fetch(self, ask: Ask, share: float) -> Grant:
        self.asks.append(dict(ask))
        await asyncio.sleep(LONG if self.is_silent else 0)
        if self.failures:
            raise self.failures.popleft()
        slots = {lane: [self.now + self.ahead] * min(number, self.most) for lane, number in ask.items()}
        due = dict.fromkeys(ask, self.now + self.due_in)
        return Grant(self.now, slots, due, self.held_until, self.version, self.rate)

    async def write(
        self, version: int, rate: Sequence[float], per_second: float, held_until: float, nearer: float
    ) -> bool:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.popleft()
        if self.conflicts:
            self.conflicts -= 1
            return False
        self.version, self.rate, self.held_until = version + 1, rate, held_until
        return True

    def abort(self) -> None:
        return

    async def close(self) -> None:
        self.is_closed = True

"""When Klarna is down: pause the job, try one call at a time, go on when one gets through. No row fails for it.

When over half of the calls have failed for 30 seconds, nothing is sent but a probe: after 1, 2, 4 ... 60 seconds one
row's own call, under its own key. The first that Klarna answers lets all go on.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from attrs import define

from klarna_om.batch.stop import Stop

SPELL = 30.0
"""Seconds for which most calls must fail before the job pauses."""

FIRST_PROBE, LAST_PROBE = 1.0, 60.0
"""Seconds before the first probe, and at most before any."""


@define(eq=False)
class Turn:
    """Leave to make one call."""

    is_probe: bool
    has_failed: bool | None = None
    """What the call says about Klarna's health; None where it says nothing."""


class Outage:
    """The gate before every call."""

    def __init__(
        self, stop: Stop, clock: Callable[[], float] = time.monotonic, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._on_change = on_change
        self._pause = 0.0
        self._is_probing = False
        self._changed = asyncio.Event()
        self._since: float | None = None
        self._majority = 0

    @property
    def is_paused(self) -> bool:
        """Are only probes sent?"""
        return self._pause > 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[Turn, None]:
        """Wait until a call may be made; the holder says in `has_failed` how it went. After a stop it waits no more."""
        turn = Turn(is_probe=await self._admit())
        try:
            yield turn
        finally:
            self._hear(turn)

    async def _admit(self) -> bool:
        while self._pause and not self._stop.is_requested:
            if not self._is_probing:
                return await self._begin_probe()
            await self._stop.wait(self._changed.wait())
        return False

    async def _begin_probe(self) -> bool:
        self._is_probing = True
        try:
            await self._stop.sleep(self._pause)
        except BaseException:
            self._is_probing = False
            raise
        return True

    def _hear(self, turn: Turn) -> None:
        if turn.is_probe:
            self._probed(turn.has_failed)
        elif turn.has_failed is not None and not self._pause:
            self._count(has_failed=turn.has_failed)

    def _probed(self, has_failed: bool | None) -> None:
        self._is_probing = False
        if has_failed:
            self._pause = min(2 * self._pause, LAST_PROBE)
        elif has_failed is not None:
            self._pause = 0.0
            self._forget()
        self._tell()

    def _count(self, *, has_failed: bool) -> None:
        """A spell begins with a failure and lasts while failures are in the majority since then."""
        if self._since is None and has_failed:
            self._since = self._clock()
        self._majority += 1 if has_failed else -1
        if self._since is None or self._majority <= 0:
            self._forget()
        elif self._clock() - self._since >= SPELL:
            self._pause = FIRST_PROBE
            self._tell()

    def _forget(self) -> None:
        self._since = None
        self._majority = 0

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._on_change()

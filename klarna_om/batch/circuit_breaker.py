"""When Klarna is down: pause the job, try one call at a time, continue when one succeeds. No row fails for it.

The breaker opens when ten calls in a row have failed, each after its own retries, or when over half of the calls have
failed for 30 seconds. Then only probes are sent: after 1, 2, 4 ... 60 seconds one row's own call, under its own key.
The first probe that Klarna answers closes the breaker.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from attrs import define

from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Pause

CONSECUTIVE_FAILURES = 10
"""Failed calls in a row that open the breaker at once."""

FAILURE_PERIOD = 30.0
"""Seconds for which most calls must fail before it opens when there are successes between them."""

FIRST_PROBE_DELAY, MAX_PROBE_DELAY = 1.0, 60.0
"""Seconds before the first probe, and at most before any."""


@define(eq=False)
class Permit:
    """Whether one call may be made, and its result."""

    is_granted: bool
    is_probe: bool
    has_failed: bool | None = None
    """Is Klarna unhealthy? None where the call does not show it."""
    cause: str = ""
    """Why it has failed."""


def never() -> bool:
    """For a row that is waited for as long as it takes."""
    return False


class CircuitBreaker:
    """Decides before every call whether it may be made now."""

    def __init__(self, stop: Stop, clock: Callable[[], float], on_change: Callable[[], None]) -> None:
        self._stop = stop
        self._clock = clock
        self._on_change = on_change
        self._pause = 0.0
        self._next_probe = 0.0
        self._cause = ""
        self._is_probing = False
        self._changed = asyncio.Event()
        self._since: float | None = None
        self._majority = 0
        self._in_a_row = 0

    @property
    def is_open(self) -> bool:
        """Are only probes sent?"""
        return self._pause > 0

    @property
    def pause(self) -> Pause | None:
        """The pause while only probes are sent."""
        return Pause(self._cause, max(0.0, self._next_probe - self._clock())) if self._pause else None

    @asynccontextmanager
    async def permit(self, is_over: Callable[[], bool] = never) -> AsyncGenerator[Permit, None]:
        """Wait until a call may be made; the holder sets `has_failed`.

        It is not granted after a stop, nor while the breaker is open once `is_over` returns True.
        """
        permit = await self._admit(is_over)
        try:
            yield permit
        finally:
            self._observe(permit)

    async def _admit(self, is_over: Callable[[], bool]) -> Permit:
        while self._pause and not self._stop.is_requested:
            if is_over():
                return Permit(is_granted=False, is_probe=False)
            if not self._is_probing:
                return await self._begin_probe()
            await self._stop.wait(self._changed.wait())
        return Permit(is_granted=not self._stop.is_requested, is_probe=False)

    async def _begin_probe(self) -> Permit:
        self._is_probing = True
        self._next_probe = self._clock() + self._pause
        self._on_change()
        try:
            await self._stop.sleep(self._pause)
        except BaseException:
            self._is_probing = False
            raise
        return Permit(is_granted=not self._stop.is_requested, is_probe=True)

    def _observe(self, permit: Permit) -> None:
        if permit.has_failed:
            self._cause = permit.cause
        if permit.is_probe:
            self._observe_probe(permit.has_failed)
        elif permit.has_failed is not None and not self._pause:
            self._count(has_failed=permit.has_failed)

    def _observe_probe(self, has_failed: bool | None) -> None:
        self._is_probing = False
        if has_failed:
            self._pause_for(min(2 * self._pause, MAX_PROBE_DELAY))
        elif has_failed is not None:
            self._pause_for(0.0)
            self._reset()
        self._notify()

    def _pause_for(self, seconds: float) -> None:
        self._pause, self._next_probe = seconds, self._clock() + seconds

    def _count(self, *, has_failed: bool) -> None:
        """A period of failures begins with a failure and lasts while most calls since then have failed."""
        self._in_a_row = self._in_a_row + 1 if has_failed else 0
        if self._since is None and has_failed:
            self._since = self._clock()
        self._majority += 1 if has_failed else -1
        if self._since is None or self._majority <= 0:
            self._reset()
        elif self._in_a_row >= CONSECUTIVE_FAILURES or self._clock() - self._since >= FAILURE_PERIOD:
            self._pause_for(FIRST_PROBE_DELAY)
            self._notify()

    def _reset(self) -> None:
        self._since = None
        self._majority = 0
        self._in_a_row = 0

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._on_change()

"""The stamp that each call needs: on disk before the window's first call, and younger than Klarna's promise."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import frozen

from klarna_om.batch.journal import Journal, Stamp
from klarna_om.batch.states import BEFORE, Age, OnExpired, Step, age_of


@frozen
class _KnownStamp:
    """A stamp with its age when this run made or took it, and when that was on the monotonic clock."""

    stamp: Stamp
    age: timedelta
    since: float


class Stamps:
    """What this run knows of the windows; one small object for 1,000 rows."""

    def __init__(
        self, journal: Journal, now: Callable[[], datetime], clock: Callable[[], float], on_expired: OnExpired
    ) -> None:
        self._journal = journal
        self._now = now
        self._clock = clock
        self._on_expired = on_expired
        self._known: dict[int, _KnownStamp] = {}
        self._making = asyncio.Lock()

    async def of(self, window: int) -> Stamp | None:
        """A stamp to call under now; None where the rows are given up because Klarna forgot their keys."""
        known = self._known.get(window)
        if known is not None and self._age(known) is Age.FRESH:
            return known.stamp
        async with self._making:
            return await self._made(window)

    async def _made(self, window: int) -> Stamp | None:
        known = self._known.get(window)
        stamp = known.stamp if known is not None else await self._journal.stamp(window)
        now = self._now()
        age = self._age(known) if known is not None else age_of(None if stamp is None else now - stamp.first_used)
        step = BEFORE[age, self._on_expired]
        if step is Step.GIVE_UP:
            return None
        if stamp is None:
            stamp = Stamp(window, 0, now)
            await self._journal.start(stamp)
        elif step is Step.RENEW:
            stamp = stamp.renewed(now)
            await self._journal.start(stamp)
        if known is None or stamp is not known.stamp:
            self._known[window] = _KnownStamp(stamp, max(now - stamp.first_used, timedelta()), self._clock())
        return stamp

    def _age(self, known: _KnownStamp) -> Age:
        """By the clock that says more: one may have been set back, the other stands still while a machine sleeps."""
        by_monotonic_clock = known.age + timedelta(seconds=self._clock() - known.since)
        return age_of(max(by_monotonic_clock, self._now() - known.stamp.first_used))

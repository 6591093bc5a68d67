"""The stamp that each call needs: on disk before the window's first call, and younger than Klarna keeps a key."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import frozen

from klarna_om.batch.journal import Journal, Stamp
from klarna_om.batch.states import STEP_BEFORE_CALL, Age, OnExpired, Step, classify_age


@frozen
class _KnownStamp:
    """A stamp with its age when this run made or loaded it, and when that was on the monotonic clock."""

    stamp: Stamp
    age: timedelta
    since: float


class Stamps:
    """What this run knows of the windows; one small object for 1,000 rows."""

    def __init__(
        self, journal: Journal, *, now: Callable[[], datetime], clock: Callable[[], float], on_expired: OnExpired
    ) -> None:
        self._journal = journal
        self._now = now
        self._clock = clock
        self._on_expired = on_expired
        self._known: dict[int, _KnownStamp] = {}
        self._lock = asyncio.Lock()

    async def get(self, window: int) -> Stamp | None:
        """A stamp to call under now; None where the rows are given up because Klarna forgot their keys."""
        known = self._known.get(window)
        if known is not None and self._age(known) is Age.FRESH:
            return known.stamp
        async with self._lock:
            return await self._load_or_make(window)

    async def _load_or_make(self, window: int) -> Stamp | None:
        known = self._known.get(window)
        stamp = known.stamp if known is not None else await self._journal.latest_stamp(window)
        now = self._now()
        age = self._age(known) if known is not None else classify_age(None if stamp is None else now - stamp.first_used)
        step = STEP_BEFORE_CALL[age, self._on_expired]
        if step is Step.GIVE_UP:
            return None
        if stamp is None:
            stamp = Stamp(window, 0, now)
            await self._journal.save_stamp(stamp)
        elif step is Step.RENEW:
            stamp = stamp.renew(now)
            await self._journal.save_stamp(stamp)
        if known is None or stamp is not known.stamp:
            self._known[window] = _KnownStamp(stamp, max(now - stamp.first_used, timedelta()), self._clock())
        return stamp

    def _age(self, known: _KnownStamp) -> Age:
        """By the clock that shows more: one may have been set back, the other stops while the machine sleeps."""
        by_monotonic_clock = known.age + timedelta(seconds=self._clock() - known.since)
        return classify_age(max(by_monotonic_clock, self._now() - known.stamp.first_used))

"""The stamp that each call needs: on disk before the window's first call, and younger than Klarna's promise."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from klarna_om.batch.journal import Journal, Stamp
from klarna_om.batch.states import BEFORE, Age, OnExpired, Step, age_of


class Stamps:
    """What this run knows of the windows; one small object for 1,000 rows."""

    def __init__(self, journal: Journal, now: Callable[[], datetime], on_expired: OnExpired) -> None:
        self._journal = journal
        self._now = now
        self._on_expired = on_expired
        self._known: dict[int, Stamp] = {}
        self._making = asyncio.Lock()

    async def of(self, window: int) -> Stamp | None:
        """A stamp to call under now; None where the rows are given up because Klarna forgot their keys."""
        stamp = self._known.get(window)
        if stamp is not None and age_of(stamp.first_used, self._now()) is Age.FRESH:
            return stamp
        async with self._making:
            return await self._made(window)

    async def _made(self, window: int) -> Stamp | None:
        stamp = self._known.get(window) or await self._journal.stamp(window)
        now = self._now()
        step = BEFORE[age_of(None if stamp is None else stamp.first_used, now), self._on_expired]
        if step is Step.GIVE_UP:
            return None
        if stamp is None:
            stamp = Stamp(window, 0, now)
            await self._journal.start(stamp)
        elif step is Step.RENEW:
            stamp = stamp.renewed(now)
            await self._journal.start(stamp)
        self._known[window] = stamp
        return stamp

"""The stamp that each call needs: on disk before the window's first call, and younger than Klarna keeps a key."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from klarna_om.batch.journal import Journal, JournalInUseError, Stamp
from klarna_om.batch.states import STEP_BEFORE_CALL, Age, OnExpired, Step, classify_age

LEASE = 20.0
"""Seconds for which a claim holds without being renewed."""


@frozen
class _KnownStamp:
    """A stamp with its age when this run made or loaded it, and when that was on the monotonic clock."""

    stamp: Stamp
    age: timedelta
    since: float


class Stamps:
    """What one delivery knows of its windows; one small object for each."""

    def __init__(
        self,
        journal: Journal,
        *,
        worker: UUID,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        on_expired: OnExpired,
    ) -> None:
        self._journal = journal
        self._worker = worker
        self._now = now
        self._clock = clock
        self._on_expired = on_expired
        self._known: dict[int, _KnownStamp] = {}
        self._lock = asyncio.Lock()
        self._made: dict[Stamp, int] = {}
        """The first stamps of windows that this run made, each with the number of its calls that may have been sent."""
        self._leased: set[int] = set()

    async def lease(self, windows: Collection[int]) -> Collection[int]:
        """Take the leases of windows before their rows are read; returns those that no other worker has."""
        new = set(windows) - self._leased
        if new:
            self._leased.update(await self._journal.lease(new, self._now(), self._worker, LEASE))
        return self._leased.intersection(windows)

    async def release(self) -> None:
        """End the leases that were taken."""
        await self._journal.release(self._leased)
        self._leased.clear()

    def begin_call(self, stamp: Stamp) -> None:
        """Note that a call under this stamp begins: from now on it may be sent."""
        if stamp in self._made:
            self._made[stamp] += 1

    def end_unsent_call(self, stamp: Stamp) -> None:
        """Note that nothing of that call was sent."""
        if stamp in self._made:
            self._made[stamp] -= 1

    async def remove_unused(self) -> None:
        """Remove the first stamps that this run made and under which it sent nothing: the next run finds no doubt."""
        unused = [stamp for stamp, calls in self._made.items() if not calls]
        for stamp in unused:
            del self._made[stamp]
            self._known.pop(stamp.window, None)
        if unused:
            await self._journal.remove_stamps(unused)

    async def get(self, window: int) -> Stamp | None:
        """A stamp to call under now; None where the rows are given up because Klarna forgot their keys.

        Raises `JournalInUseError` where another worker has the window, or may have taken it over.
        """
        known = self._known.get(window)
        if known is not None and not self._journal.holds(window):
            raise JournalInUseError(f"the lease of window {window} is over: another worker may have its rows")
        if known is not None and self._age(known) is Age.FRESH:
            return known.stamp
        async with self._lock:
            return await self._load_or_make(window)

    async def _load_or_make(self, window: int) -> Stamp | None:
        known = self._known.get(window)
        now = self._now()
        stamp = known.stamp if known is not None else await self._claim(window, now)
        age = self._age(known) if known is not None else classify_age(now - stamp.first_used)
        step = STEP_BEFORE_CALL[age, self._on_expired]
        if step is Step.GIVE_UP:
            return None
        if step is Step.RENEW:
            stamp = await self._journal.renew_stamp(stamp, now)
        if known is None or stamp is not known.stamp:
            self._known[window] = _KnownStamp(stamp, max(now - stamp.first_used, timedelta()), self._clock())
        return stamp

    async def _claim(self, window: int, now: datetime) -> Stamp:
        stamp = await self._journal.claim(window, now, self._worker, LEASE)
        if stamp is None:
            raise JournalInUseError(f"another worker has the rows of window {window}")
        if not stamp.is_inherited:
            self._made[stamp] = 0
        return stamp

    def _age(self, known: _KnownStamp) -> Age:
        """By the clock that shows more: one may have been set back, the other stops while the machine sleeps."""
        by_monotonic_clock = known.age + timedelta(seconds=self._clock() - known.since)
        return classify_age(max(by_monotonic_clock, self._now() - known.stamp.first_used))

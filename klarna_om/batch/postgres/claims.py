"""Who works on a window of rows, and since when its keys may be in use."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from attrs import evolve

from klarna_om.batch.journal import JournalMismatchError, Stamp
from klarna_om.batch.postgres import statements
from klarna_om.batch.postgres.binding import bind
from klarna_om.batch.postgres.database import Connection, Database
from klarna_om.batch.postgres.leases import Leases


class Claims:
    """The claims of one process on one job's windows; `use_database_clock`: the callers' `now` only dates the answers.

    An age leaves the database, never a time of day: a stamp is as old to a machine whose clock is wrong as to another.
    """

    def __init__(self, job: UUID, database: Database, *, use_database_clock: bool) -> None:
        self._job = {"job": job}
        self._database = database
        self._use_database_clock = use_database_clock
        self._target: str | None = None
        self.leases = Leases(job, database)

    def now(self, now: datetime) -> datetime | None:
        """The time that a statement judges by; None for the database's own."""
        return None if self._use_database_clock else now

    async def bind(self, target: str) -> None:
        """Set where the calls go, while nothing was sent."""
        self._target = await self._database.run(lambda connection: bind(connection, self._job, target))

    async def lease(self, windows: Collection[int], now: datetime, worker: UUID, seconds: float) -> Collection[int]:
        """Take leases; returns the windows that no other worker has."""
        asked_at = self.leases.clock()
        values = {"worker": worker, "seconds": seconds, "target": self._target, "now": self.now(now)}
        found = await self._fetch(statements.LEASE, chunks=sorted(windows), **values)
        granted = {window for (window,) in found}
        for window in granted:
            self.leases.note(window, worker, seconds, asked_at)
        if len(granted) < len(windows):
            await self._check_target()
        return granted

    async def claim(self, window: int, now: datetime, worker: UUID, seconds: float) -> Stamp | None:
        """Take a lease, and stamp the window unless it is stamped: one statement."""
        asked_at = self.leases.clock()
        values = {"worker": worker, "seconds": seconds, "target": self._target, "now": self.now(now)}
        found = await self._fetch(statements.CLAIM, chunk=window, stamp=uuid4(), **values)
        if not found:
            await self._check_target()
            return None
        self.leases.note(window, worker, seconds, asked_at)
        ((epoch, age, is_inherited),) = found
        return Stamp(window, epoch, now - age if is_inherited else now, is_inherited=is_inherited)

    async def renew_stamp(self, stamp: Stamp, now: datetime) -> Stamp:
        """Make the stamp of the next epoch, unless there is one: then return that."""
        values = {**self._job, "chunk": stamp.window, "now": self.now(now)}
        renewal = {**values, "epoch": stamp.epoch, "stamp": uuid4()}

        async def renew(connection: Connection) -> Stamp:
            if (await connection.execute(statements.RENEW_STAMP.encode(), renewal)).rowcount:
                return stamp.renew(now)
            ((epoch, age),) = await (await connection.execute(statements.READ_STAMP.encode(), values)).fetchall()
            return evolve(stamp, epoch=epoch, first_used=now - age, is_inherited=True)

        return await self._database.run(renew)

    async def remove_stamps(self, stamps: Sequence[Stamp]) -> None:
        """Remove first stamps, of windows that no other worker has claimed since."""
        windows = [stamp.window for stamp in stamps]
        workers = [self.leases.worker_of(window) for window in windows]
        await self._fetch(statements.REMOVE_STAMPS, chunks=windows, workers=workers)

    async def _check_target(self) -> None:
        """Raise where not another worker's lease was in the way, but that its calls go to another host."""
        ((known,),) = await self._fetch(statements.READ_TARGET)
        if self._target not in (None, known):
            raise JournalMismatchError(
                f"the calls of this job go to {known} by now, and those of this process to {self._target}; set the"
                " environment as it was, or begin a new job"
            )

    async def _fetch(self, statement: str, **values: Any) -> list[Any]:
        async def fetch(connection: Connection) -> list[Any]:
            return await (await connection.execute(statement.encode(), {**self._job, **values})).fetchall()

        return await self._database.run(fetch)

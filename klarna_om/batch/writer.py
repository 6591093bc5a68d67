"""One thread owns the connection; records that arrive during a commit are committed together in the next one."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from attrs import define, field

from klarna_om.batch.journal import JournalError

T = TypeVar("T")

Parameters = Sequence[object]


@define(eq=False)
class _Group:
    """Records that are committed together."""

    records: list[Parameters] = field(factory=list[Parameters])
    committed: asyncio.Event = field(factory=asyncio.Event)
    error: Exception | None = None

    def settle(self, error: Exception | None) -> None:
        self.error = error
        self.committed.set()


class Writer:
    """SQLite that never blocks the event loop.

    A write that fails breaks the writer: nothing is written after it, so nothing should be sent after it either.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], statement: str) -> None:
        self._connect = connect
        self._statement = statement
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="klarna-om-journal")
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._group: _Group | None = None
        self._broken: Exception | None = None
        self.verify: Callable[[], None] = lambda: None
        """Raises when the file of the connection is gone, so that a commit would be lost."""

    async def open(self) -> None:
        """Start the thread and connect."""

        def connect() -> None:
            self._connection = self._connect()

        opening = asyncio.ensure_future(self._run_in_thread(connect))
        try:
            await asyncio.shield(opening)
        except BaseException:
            # The journal's lock must not be freed while the thread is still creating the file.
            await asyncio.gather(opening, return_exceptions=True)
            if self._connection is not None:
                await self._run_in_thread(self._connection.close)
            self._thread.shutdown(wait=False)
            raise

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work with the connection, after all earlier work."""
        self._check()

        def do_and_verify() -> T:
            assert self._connection is not None
            result = work(self._connection)
            self.verify()
            return result

        return await self._run_in_thread(do_and_verify)

    async def write(self, record: Parameters) -> None:
        """Execute the statement with these parameters; returns when that is on disk."""
        self._check()
        with self._lock:
            if self._group is None:
                self._group = _Group()
                self._thread.submit(self._commit, asyncio.get_running_loop())
            group = self._group
            group.records.append(record)
        await group.committed.wait()
        if group.error is not None:
            raise _write_error(group.error) from group.error

    async def close(self) -> None:
        """Wait for all earlier work, and close."""

        def close() -> None:
            assert self._connection is not None
            self._connection.close()

        await self._run_in_thread(close)
        self._thread.shutdown(wait=False)

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            group, self._group = self._group, None
        assert group is not None
        assert self._connection is not None
        error = self._broken
        try:
            if error is None:
                with transaction(self._connection):
                    self._connection.executemany(self._statement, group.records)
                self.verify()
        except Exception as reason:  # noqa: BLE001 - every waiting task must get the error, whatever it is
            error = self._broken = reason
        loop.call_soon_threadsafe(group.settle, error)

    async def _run_in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as reason:
            raise _write_error(reason) from reason

    def _check(self) -> None:
        if self._broken is not None:
            raise _write_error(self._broken) from self._broken


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """All of it, on disk, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _write_error(reason: Exception) -> JournalError:
    if isinstance(reason, JournalError):
        return JournalError(str(reason))
    return JournalError(
        f"the journal cannot be written ({reason}), so nothing more is sent; what it holds is safe. Check its disk"
        " and run the same command again"
    )

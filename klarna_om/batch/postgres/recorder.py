"""Results that arrive during a commit are committed together in the next one."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from attrs import define, field

from klarna_om.batch.journal import Identity, JournalError, RowResult
from klarna_om.batch.postgres import statements
from klarna_om.batch.postgres.database import Connection, Database
from klarna_om.batch.postgres.text import without_nul


@define(eq=False)
class _Group:
    """Results that are committed together: one for each row."""

    results: dict[int, tuple[RowResult, UUID | None]] = field(factory=dict[int, tuple[RowResult, UUID | None]])
    """By row, with the worker that had the window when the result came."""
    committed: "asyncio.Future[None]" = field(factory=lambda: asyncio.get_running_loop().create_future())


class Recorder:
    """Records results, one transaction at a time."""

    def __init__(self, identity: Identity, database: Database, worker_of: Callable[[int], UUID | None]) -> None:
        self._identity = identity
        self._database = database
        self._worker_of = worker_of
        self._waiting: list[_Group] = []
        self._task: asyncio.Task[None] | None = None

    async def record(self, result: RowResult) -> None:
        """Record a result; returns when it is committed. Raises `JournalError`."""
        group = self._group_for(result.row)
        group.results[result.row] = result, self._worker_of(self._identity.window_of(result.row))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_all())
        await asyncio.shield(group.committed)

    def _group_for(self, row: int) -> _Group:
        if not self._waiting or row in self._waiting[-1].results:
            self._waiting.append(_Group())
        return self._waiting[-1]

    async def _commit_all(self) -> None:
        while self._waiting:
            group = self._waiting.pop(0)
            values = self._values([*group.results.values()])
            try:
                await self._database.run(partial(_record, values))
            except JournalError as reason:
                group.committed.set_exception(JournalError(str(reason)))
                group.committed.exception()  # whoever waits gets it; nobody may
            except BaseException:
                group.committed.cancel()
                raise
            else:
                group.committed.set_result(None)

    async def close(self) -> None:
        """Wait for what is still being recorded."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def _values(self, records: list[tuple[RowResult, UUID | None]]) -> dict[str, Any]:
        results = [result for result, _ in records]
        texts = ("error_code", "correlation_id", "idempotency_key", "result_id")
        return {
            "job": UUID(self._identity.job_id),
            "row": [result.row for result in results],
            "chunk": [self._identity.window_of(result.row) for result in results],
            "worker": [worker for _, worker in records],
            "state": [result.state.value for result in results],
            "status": [result.status for result in results],
            **{name: [without_nul(getattr(result, name)) for result in results] for name in texts},
            "attempts": [result.attempts for result in results],
            "started_at": [result.started for result in results],
            "finished_at": [result.finished for result in results],
            "detail": [without_nul(result.detail) or None for result in results],
        }


async def _record(values: dict[str, Any], connection: Connection) -> None:
    await connection.execute(statements.RECORD.encode(), values)

"""A job and its messages are in the database together, or not at all."""

import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from attrs import define

from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import JournalError, JournalMismatchError
from klarna_om.batch.postgres import Database, read_jobs
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.totals import Totals
from klarna_om.engines.message import Message, decode
from klarna_om.engines.procrastinate import messages as messages_module
from klarna_om.engines.procrastinate import submit as submit_function
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_ids
from tests.engines.jobs import ACKNOWLEDGE, chunk, messages, submit_rows, totals


async def test_each_chunk_of_a_job_has_a_message_with_nothing_but_numbers(database: Database, sandbox: Sandbox) -> None:
    job = await submit_rows(database, sandbox, [*order_ids(25), ""])

    assert await messages(database, sandbox) == [
        {"v": 1, "job": str(job), "low": 1, "high": 10},
        {"v": 1, "job": str(job), "low": 11, "high": 20},
        {"v": 1, "job": str(job), "low": 21, "high": 30},
    ]
    assert await totals(database, job) == Totals(pending=25, blank=1)


async def test_more_messages_than_one_statement_takes(
    database: Database, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages_module, "AT_ONCE", 2)

    await submit_rows(database, sandbox, order_ids(50))

    assert len(await messages(database, sandbox)) == 5


async def test_a_submit_that_fails_leaves_no_row_and_no_message(database: Database, sandbox: Sandbox) -> None:
    job = uuid4()

    async def break_off() -> AsyncIterator[list[Entry]]:
        async for entries in read_rows(order_ids(25), RowParser(ACKNOWLEDGE)):
            yield entries
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await submit_function(database, ACKNOWLEDGE, break_off(), target=sandbox.url, job_id=job)

    assert await read_jobs(database, job) == []
    assert await messages(database, sandbox) == []


async def test_a_submit_whose_connection_ends_after_its_messages_leaves_nothing(
    database: Database, sandbox: Sandbox, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, defer = uuid4(), messages_module.defer

    async def defer_and_lose_the_connection(connection: psycopg.AsyncConnection[object], *more: object) -> None:
        await defer(connection, *more)  # type: ignore[arg-type]
        async with await psycopg.AsyncConnection.connect(journals, autocommit=True) as other:
            await other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])

    sweep = sys.modules["klarna_om.engines.procrastinate.sweep"]
    monkeypatch.setattr(sweep, "defer", defer_and_lose_the_connection)

    with pytest.raises(JournalError, match="run the same command again"):
        await submit_rows(database, sandbox, order_ids(25), job_id=job)

    assert await read_jobs(database, job) == []
    assert await messages(database, sandbox) == []


@define
class Cuts:
    """Ends a connection before one of the statements that are sent."""

    dsn: str
    at: int = 0
    sent: int = 0
    _execute: Any = psycopg.AsyncCursor.execute

    async def execute(self, cursor: Any, *arguments: Any, **options: Any) -> Any:
        self.sent += 1
        if self.sent == self.at:
            with psycopg.connect(self.dsn, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [cursor.connection.info.backend_pid])
        return await self._execute(cursor, *arguments, **options)


async def chunks_and_totals(database: Database, sandbox: Sandbox, job: UUID) -> tuple[list[int], list[Totals]]:
    """The first rows of the chunks that have a message, and how far the job is, if there is one."""
    lows = [message["low"] for message in await messages(database, sandbox) if message["job"] == str(job)]
    return lows, [found.totals for found in await read_jobs(database, job)]


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "again"])
async def test_a_submit_cut_at_any_statement_leaves_all_or_nothing(
    is_known: bool, database: Database, sandbox: Sandbox, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts, failures = Cuts(journals), 0
    rows = [*order_ids(40)[20:], ""]  # of those that may be known it has five
    while cuts.sent >= cuts.at:
        job = await submit_rows(database, sandbox, order_ids(25)) if is_known else uuid4()
        before = await chunks_and_totals(database, sandbox, job)
        cuts.at, cuts.sent = cuts.at + 1, 0

        with monkeypatch.context() as patch:
            patch.setattr(psycopg.AsyncCursor, "execute", lambda *given, **more: cuts.execute(*given, **more))
            try:
                await submit_rows(database, sandbox, rows, job_id=job)
                expected = [1, 11, 21, 31, 41] if is_known else [1, 11], [Totals(pending=20, blank=1)]
            except JournalError:
                failures, expected = failures + 1, before

        assert await chunks_and_totals(database, sandbox, job) == expected

    assert failures > 15


async def test_a_job_that_is_submitted_again_gets_messages_for_its_new_rows_only(
    database: Database, sandbox: Sandbox
) -> None:
    job = await submit_rows(database, sandbox, order_ids(5))

    assert await submit_rows(database, sandbox, order_ids(7), job_id=job, window=77) == job

    assert [message["low"] for message in await messages(database, sandbox)] == [1, 11]
    assert await totals(database, job) == Totals(pending=7)


async def test_a_job_is_submitted_again_for_its_own_operation_only(database: Database, sandbox: Sandbox) -> None:
    job = await submit_rows(database, sandbox, order_ids(5))

    with pytest.raises(JournalMismatchError, match=r"is one of orders\.acknowledge, not of orders\.cancel"):
        await submit_rows(database, sandbox, order_ids(5), "orders.cancel", job_id=job)


def test_a_message_is_read_as_it_was_written() -> None:
    job = UUID("3f6d5c1e-4b8e-5a57-9a63-7c0f2e9b1d84")

    assert decode(chunk(job, 1).encode()) == Message(job, 11, 20)
    with pytest.raises(ValueError, match="version 2; this klarna_om knows version 1"):
        decode({**chunk(job, 1).encode(), "v": 2})

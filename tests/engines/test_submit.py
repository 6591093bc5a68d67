"""A job and its messages are in the database together, or not at all."""

import sys
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest

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

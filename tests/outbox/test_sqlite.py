"""SQLite: a file, or the shop's own connection, for shops without PostgreSQL and for tests."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from klarna_om import CaptureObject, KlarnaClient
from klarna_om.outbox import Outbox, SchemaMissing, State, create_schema, schema_sql
from klarna_om.outbox.sqlite import SqliteDatabase
from klarna_om.sandbox import Sandbox

CAPTURE = CaptureObject(captured_amount=100, reference="s-1")


@pytest.fixture
def memory() -> Iterator[sqlite3.Connection]:
    """A database in memory, with tables."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema_sql("sqlite"))
        yield connection


async def test_a_database_in_memory_is_shared_with_the_shop(
    memory: sqlite3.Connection, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    outbox = Outbox(memory, poll=0.02)
    order = sandbox.order().order_id or ""
    async with outbox.draining(klarna):
        intent_id = await outbox.capture(memory, order, CAPTURE)
        await asyncio.sleep(0.1)  # the shop's transaction is open: the drain waits
        assert sandbox.request_count == 0
        memory.commit()
        intent = await outbox.result(intent_id)

    assert intent.state is State.DONE


async def test_a_rollback_on_a_shared_connection_takes_the_intent(
    memory: sqlite3.Connection, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    outbox = Outbox(memory)
    await outbox.capture(memory, sandbox.order().order_id or "", CAPTURE)
    memory.rollback()

    await outbox.drain(klarna, until_idle=True)

    assert sandbox.request_count == 0


async def test_a_file_that_another_writes_is_waited_for(
    sqlite_file: Path, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    outbox = Outbox(sqlite_file, poll=0.02)
    with closing(sqlite3.connect(sqlite_file)) as shop:
        intent_id = await outbox.capture(shop, sandbox.order().order_id or "", CAPTURE)
        draining = asyncio.create_task(outbox.drain(klarna, until_idle=True))
        await asyncio.sleep(0.1)
        assert not draining.done()
        shop.commit()
        await draining

    assert (await outbox.result(intent_id)).state is State.DONE


async def test_tables_are_made_and_their_absence_is_named(tmp_path: Path, klarna: KlarnaClient) -> None:
    outbox = Outbox(tmp_path / "shop.db")
    with pytest.raises(SchemaMissing, match="create_schema"):
        await outbox.drain(klarna)

    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        await create_schema(connection)
        await create_schema(connection)

    await outbox.drain(klarna, until_idle=True)


async def test_what_cannot_be_written_is_no_busy_file(sqlite_file: Path) -> None:
    with closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("pragma query_only = on")

        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await SqliteDatabase(connection).transaction().__aenter__()


async def test_what_is_no_database_is_no_busy_file(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("id,name\n" * 100)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await SqliteDatabase(tmp_path / "shop.db").transaction().__aenter__()


def test_an_address_is_not_taken_for_a_path() -> None:
    with pytest.raises(ValueError, match="postgresql:// is not the path of an SQLite file: for PostgreSQL, pass"):
        Outbox("postgresql://shop@127.0.0.1/shop")


async def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, klarna: KlarnaClient) -> None:
    path = tmp_path / "no-folder" / "shop.db"

    with pytest.raises(sqlite3.OperationalError, match=re.escape(str(path))):
        async with SqliteDatabase(path).transaction():
            raise AssertionError


async def test_a_result_without_tables_says_where_they_are_missing(tmp_path: Path) -> None:
    with pytest.raises(SchemaMissing, match=re.escape(f"no tables in {tmp_path / 'shop.db'}")):
        await Outbox(tmp_path / "shop.db").result(uuid4())


def test_a_memory_of_each_connections_own_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pass the sqlite3\.Connection"):
        Outbox(":memory:")


def test_a_connection_that_is_always_in_a_transaction_is_refused() -> None:
    class AlwaysInOne(sqlite3.Connection):
        autocommit = False  # as `sqlite3.connect(autocommit=False)` makes it, since Python 3.12

    with closing(AlwaysInOne(":memory:")) as connection, pytest.raises(ValueError, match="pass the file's path"):
        Outbox(connection)

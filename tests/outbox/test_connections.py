"""Intents are added in the shop's own transaction, whichever driver it uses."""

import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from klarna_om import CaptureObject, ConfigurationError, RefundObject
from klarna_om.outbox import IntentNotFound, Outbox, ReferenceInUse, State, create_schema
from tests.outbox.shop import RolledBack
from tests.support.calls import ORDER_ID

CAPTURE = CaptureObject(captured_amount=100, reference="s-1")


async def test_sqlalchemys_session_adds_in_its_transaction(engine: AsyncEngine) -> None:
    outbox = Outbox()
    async with AsyncSession(engine) as session:
        await session.execute(text("insert into shipments values (7)"))
        intent_id = await outbox.capture(session, ORDER_ID, CAPTURE)
        assert await outbox.capture(session, ORDER_ID, CAPTURE) == intent_id
        await session.commit()

    async with AsyncSession(engine) as session:
        intent = await outbox.get(session, intent_id)
        (number,) = (await session.execute(text("select number from shipments"))).one()
        snapshot = await outbox.snapshot(session)
    assert (intent.state, intent.reference, number, snapshot.due) == (State.PENDING, "s-1", 7, 1)


async def test_sqlalchemys_rollback_takes_the_intent_with_it(engine: AsyncEngine) -> None:
    outbox = Outbox()
    async with AsyncSession(engine) as session:
        intent_id = await outbox.capture(session, ORDER_ID, CAPTURE)
        await session.rollback()

        with pytest.raises(IntentNotFound):
            await outbox.get(session, intent_id)


async def test_sqlalchemys_connection_does_all_that_a_person_needs(engine: AsyncEngine) -> None:
    outbox = Outbox()
    async with engine.begin() as connection:
        await create_schema(connection)
        intent_id = await outbox.refund(connection, ORDER_ID, RefundObject(refunded_amount=1, reference="r-1"))
        await connection.execute(text(f"update {table(engine)} set state = 'escalated'"))
        settled = await outbox.settle(connection, intent_id, happened=False)
        retried = await outbox.retry(connection, intent_id)
        listed = await outbox.intents(connection, state=State.PENDING, order_id=ORDER_ID)
        with pytest.raises(ReferenceInUse):
            await outbox.refund(connection, ORDER_ID, RefundObject(refunded_amount=2, reference="r-1"))

    assert (settled.state, retried.state, retried.generation) == (State.REFUSED, State.PENDING, 1)
    assert listed == (retried,)


def table(engine: AsyncEngine) -> str:
    return "klarna_om_intents" if engine.dialect.name == "sqlite" else "klarna_om.intents"


async def test_aiosqlite_adds_in_its_transaction(sqlite_file: Path) -> None:
    outbox = Outbox()
    async with aiosqlite.connect(sqlite_file) as connection:
        intent_id = await outbox.capture(connection, ORDER_ID, CAPTURE)
        await connection.rollback()
        with pytest.raises(IntentNotFound):
            await outbox.get(connection, intent_id)
        intent_id = await outbox.capture(connection, ORDER_ID, CAPTURE)
        await connection.commit()

    async with aiosqlite.connect(sqlite_file) as connection:
        assert (await outbox.get(connection, intent_id)).state is State.PENDING


async def test_a_connection_with_other_rows_and_autocommit_does_too(postgres: str) -> None:
    outbox = Outbox()
    connection = await psycopg.AsyncConnection.connect(postgres, autocommit=True, row_factory=dict_row)
    async with connection:
        with pytest.raises(RolledBack):
            async with connection.transaction():
                await outbox.capture(connection, ORDER_ID, CAPTURE)
                raise RolledBack
        with pytest.raises(ConfigurationError, match="in autocommit mode and in no transaction"):
            await outbox.capture(connection, ORDER_ID, CAPTURE)
        async with connection.transaction():
            intent_id = await outbox.capture(connection, ORDER_ID, CAPTURE)

        assert [intent.id for intent in await outbox.intents(connection)] == [intent_id]


async def test_an_sqlite_connection_in_autocommit_mode_needs_a_transaction(sqlite_file: Path) -> None:
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        with pytest.raises(ConfigurationError, match="in autocommit mode and in no transaction"):
            await Outbox().capture(connection, ORDER_ID, CAPTURE)
        connection.execute("begin")
        await Outbox().capture(connection, ORDER_ID, CAPTURE)
        connection.rollback()

        assert await Outbox().intents(connection) == ()


async def test_a_connection_of_sqlalchemy_in_autocommit_mode_is_refused(sqlite_file: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{sqlite_file}")
    async with engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(ConfigurationError, match="in autocommit mode and in no transaction"):
            await Outbox().capture(connection, ORDER_ID, CAPTURE)
    await engine.dispose()


async def test_an_sqlite_connection_with_other_rows_does_too(sqlite_file: Path) -> None:
    with closing(sqlite3.connect(sqlite_file)) as connection:
        connection.row_factory = sqlite3.Row
        intent_id = await Outbox().capture(connection, ORDER_ID, CAPTURE)

        assert (await Outbox().get(connection, intent_id)).operation == "captures.create"


async def test_connections_that_cannot_be_used_are_named(postgres: str, sqlite_file: Path) -> None:
    async with AsyncExitStack() as stack:
        other = create_engine(f"sqlite:///{sqlite_file}")
        raw = await asyncpg.connect(**asyncpg_arguments(postgres))
        stack.push_async_callback(raw.close)
        beside = await stack.enter_async_context(await psycopg.AsyncConnection.connect(postgres))
        cursor = beside.cursor()
        connections = [
            stack.enter_context(psycopg.connect(postgres)),
            stack.enter_context(Session(other)),
            raw,
            cursor,
            None,
        ]

        for connection in connections:
            with pytest.raises(TypeError, match=f"cannot use a {type(connection).__name__}; give it psycopg's Async"):
                await Outbox().capture(connection, ORDER_ID, CAPTURE)
        other.dispose()


async def test_a_database_that_cannot_be_used_is_named() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    engine.dialect.name = "oracle"
    async with AsyncSession(engine) as session:
        with pytest.raises(TypeError, match="cannot use a database of oracle"):
            await Outbox().capture(session, ORDER_ID, CAPTURE)
    await engine.dispose()


def asyncpg_arguments(dsn: str) -> dict[str, Any]:
    parts = conninfo_to_dict(dsn)
    known = {"host": "host", "port": "port", "user": "user", "password": "password", "dbname": "database"}
    return {name: parts[key] for key, name in known.items() if parts.get(key)}

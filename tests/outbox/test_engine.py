"""SQLAlchemy's engine is all that a drain needs: with psycopg, with asyncpg, and on an SQLite file."""

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from klarna_om import CaptureObject, KlarnaClient
from klarna_om.outbox import Intent, Outbox, SchemaMissing, State, create_schema
from klarna_om.sandbox import Sandbox
from tests.outbox.engines import url
from tests.support.postgres import PostgresServer, database_with_outbox, new_database
from tests.workflows.calls import new_client


async def capture(engine: AsyncEngine, order_id: str, reference: str = "s-1") -> UUID:
    async with engine.begin() as connection:
        return await Outbox().capture(connection, order_id, CaptureObject(captured_amount=100, reference=reference))


async def shipments(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("select number from shipments order by number"))).scalars())


async def test_two_drains_on_an_engine_execute_each_intent_once(
    engine: AsyncEngine, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    orders = [sandbox.order(order_amount=1000).order_id or "" for _ in range(3)]
    for number in range(3):
        for order in orders:
            await capture(engine, order, f"s-{number}")

    async with new_client(sandbox) as other:
        drains = (Outbox(engine, poll=0.02).drain(one, until_idle=True) for one in (klarna, other))
        await asyncio.gather(*drains)
    await Outbox(engine, poll=0.02).drain(klarna, until_idle=True)

    for order in orders:
        assert [each.reference for each in sandbox.get(order).captures] == ["s-0", "s-1", "s-2"]
    assert sandbox.effects() == 9


async def test_the_callback_gets_the_engines_connection_in_its_transaction(
    engine: AsyncEngine, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    async def report(connection: AsyncConnection, intent: Intent) -> None:
        number = int(intent.reference.removeprefix("s-"))
        await connection.execute(text("insert into shipments values (:number)"), {"number": number})
        if number == 2:
            raise ZeroDivisionError("a bug of the shop's")

    for number in (1, 2):
        await capture(engine, sandbox.order().order_id or "", f"s-{number}")

    await Outbox(engine, poll=0.02, on_result=report).drain(klarna, until_idle=True)

    assert await shipments(engine) == [1]


async def test_missing_tables_are_named(postgres_server: str, tmp_path: Path, klarna: KlarnaClient) -> None:
    with new_database(postgres_server) as dsn:
        for made in (
            create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"),
            create_async_engine(url(dsn, "postgresql+asyncpg")),
        ):
            with pytest.raises(SchemaMissing, match="create_schema"):
                await Outbox(made).drain(klarna)
            async with made.begin() as connection:
                await create_schema(connection)
            await Outbox(made).drain(klarna, until_idle=True)
            await made.dispose()


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+asyncpg"])
async def test_a_commit_wakes_the_drain_of_an_engine_at_once(
    driver: str, postgres: str, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    engine = create_async_engine(url(postgres, driver), pool_size=1, max_overflow=0, isolation_level="SERIALIZABLE")
    outbox = Outbox(engine, poll=30.0)
    async with outbox.draining(klarna):
        await outbox.result(await capture(engine, sandbox.order().order_id or ""))
        started = time.monotonic()
        await outbox.result(await capture(engine, sandbox.order().order_id or ""))
        elapsed = time.monotonic() - started

    async with engine.connect() as connection:
        level = (await connection.execute(text("show transaction_isolation"))).scalar_one()
    await engine.dispose()
    assert elapsed < 5.0
    assert level == "serializable"


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+asyncpg"])
async def test_the_drain_of_an_engine_survives_a_crash_of_the_database(
    driver: str, crashing_server: PostgresServer, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    with database_with_outbox(crashing_server.dsn) as dsn:
        engine = create_async_engine(url(dsn, driver), pool_pre_ping=True)  # the shop's own connections break too
        outbox = Outbox(engine, poll=0.5)
        first, second = (sandbox.order().order_id or "" for _ in range(2))
        async with asyncio.timeout(50), outbox.draining(klarna):
            await outbox.result(await capture(engine, first))
            await asyncio.to_thread(crashing_server.stop)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(crashing_server.start)
            intent = await outbox.result(await capture(engine, second))
        await engine.dispose()

    assert (intent.state, sandbox.effects()) == (State.DONE, 2)


async def test_an_engine_that_begins_its_transactions_itself_is_drained(
    sqlite_file: Path, sandbox: Sandbox, klarna: KlarnaClient
) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{sqlite_file}")

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("begin")

    await capture(engine, sandbox.order().order_id or "")
    await Outbox(engine, poll=0.02).drain(klarna, until_idle=True)
    await engine.dispose()

    assert sandbox.effects() == 1


async def test_a_file_is_locked_before_it_is_read(sqlite_file: Path) -> None:
    from klarna_om.outbox.engine import EngineDatabase

    engine = create_async_engine(f"sqlite+aiosqlite:///{sqlite_file}", connect_args={"timeout": 0})
    first, second = EngineDatabase(engine, None), EngineDatabase(engine, None)

    async with first.transaction():
        with pytest.raises(second.failures, match="locked"):
            await second.transaction().__aenter__()
    await engine.dispose()


async def test_an_engine_in_memory_is_refused() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    with pytest.raises(ValueError, match="give it a file"):
        Outbox(engine)
    await engine.dispose()


async def test_a_file_without_tables_is_named(tmp_path: Path, klarna: KlarnaClient) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(SchemaMissing, match="create_schema"):
        await Outbox(engine).drain(klarna, until_idle=True)

    await engine.dispose()

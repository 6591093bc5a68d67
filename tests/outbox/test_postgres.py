"""What only PostgreSQL has: notifications, pools, restarts."""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from klarna_om import CaptureObject, ConfigurationError, KlarnaClient
from klarna_om.outbox import Outbox, SchemaMissing, State, create_schema, schema_sql
from klarna_om.outbox.database import open_database
from klarna_om.outbox.dialect import POSTGRESQL
from klarna_om.outbox.store import Store
from klarna_om.sandbox import Sandbox
from tests.support.postgres import PostgresServer, database_with_outbox, new_database

Pool = AsyncConnectionPool[AsyncConnection[Any]]


async def capture(pool: Pool, order_id: str, reference: str = "s-1") -> Any:
    async with pool.connection() as connection, connection.transaction():
        return await Outbox().capture(connection, order_id, CaptureObject(captured_amount=100, reference=reference))


async def test_a_commit_wakes_the_drain_at_once(pool: Pool, sandbox: Sandbox, klarna: KlarnaClient) -> None:
    outbox = Outbox(pool, poll=30.0)
    async with outbox.draining(klarna):
        first = await capture(pool, sandbox.order().order_id or "")
        await outbox.result(first)
        started = time.monotonic()
        second = await capture(pool, sandbox.order().order_id or "")
        await outbox.result(second)
        elapsed = time.monotonic() - started

    assert elapsed < 5.0
    async with pool.connection() as connection:
        assert not connection.autocommit


async def test_a_pool_of_one_connection_is_enough(postgres: str, sandbox: Sandbox, klarna: KlarnaClient) -> None:
    async with AsyncConnectionPool(postgres, min_size=1, max_size=1, open=False) as pool:
        outbox = Outbox(pool, poll=0.02)
        intent_id = await capture(pool, sandbox.order().order_id or "")
        async with outbox.draining(klarna):
            assert (await outbox.result(intent_id)).state is State.DONE


async def test_the_pools_own_settings_stay(postgres: str, sandbox: Sandbox, klarna: KlarnaClient) -> None:
    async def configure(connection: AsyncConnection[Any]) -> None:
        await connection.set_isolation_level(IsolationLevel.SERIALIZABLE)

    async def fail(connection: AsyncConnection[Any], intent: object) -> None:
        raise ZeroDivisionError("a bug of the shop's")

    kwargs = {"autocommit": True, "row_factory": dict_row}
    async with AsyncConnectionPool(
        postgres, min_size=2, max_size=2, kwargs=kwargs, configure=configure, open=False
    ) as pool:
        intent_id = await capture(pool, sandbox.order().order_id or "")
        outbox = Outbox(pool, poll=0.02, on_result=fail)
        async with outbox.draining(klarna):
            assert (await outbox.result(intent_id)).state is State.DONE
        async with pool.connection() as connection, pool.connection() as other:
            assert (other.autocommit, other.isolation_level) == (True, IsolationLevel.SERIALIZABLE)
            assert (connection.autocommit, connection.isolation_level) == (True, IsolationLevel.SERIALIZABLE)


async def test_the_pool_may_come_with_the_drain(pool: Pool, sandbox: Sandbox, klarna: KlarnaClient) -> None:
    outbox = Outbox()
    intent_id = await capture(pool, sandbox.order().order_id or "")
    with pytest.raises(ConfigurationError, match="has no database"):
        await outbox.result(intent_id)

    await outbox.drain(klarna, pool, until_idle=True)

    assert (await outbox.result(intent_id)).state is State.DONE
    assert (await Outbox().result(intent_id, pool)).state is State.DONE


async def test_missing_tables_are_named_before_anything_is_done(
    postgres_server: str, klarna: KlarnaClient, caplog: pytest.LogCaptureFixture
) -> None:
    with new_database(postgres_server) as dsn:
        async with AsyncConnectionPool(dsn, min_size=1, open=False) as pool:
            with pytest.raises(SchemaMissing, match="create_schema"):
                async with Outbox(pool).draining(klarna):
                    while "drained no longer" not in caplog.text:
                        await asyncio.sleep(0.01)
            async with pool.connection() as connection:
                await create_schema(connection)
            await Outbox(pool).drain(klarna, until_idle=True)
            async with pool.connection() as connection:
                await connection.execute("update klarna_om.outbox_version set version = 2")
            with pytest.raises(SchemaMissing, match="version 2, and this release needs 1"):
                await Outbox(pool).drain(klarna)


async def test_the_tables_are_made_once_by_many_at_once(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn:

        async def make() -> None:
            async with await AsyncConnection.connect(dsn) as connection:
                await create_schema(connection)

        await asyncio.gather(*(make() for _ in range(5)))
        await make()

        with psycopg.connect(dsn) as connection:
            assert connection.execute("select count(*) from klarna_om.outbox_version").fetchone() == (1,)


def test_the_statements_of_the_tables_can_be_had_as_text() -> None:
    assert "create table if not exists klarna_om.intents" in schema_sql()
    assert "create table if not exists klarna_om_intents" in schema_sql("sqlite")
    with pytest.raises(ValueError, match="use 'postgresql' or 'sqlite'"):
        schema_sql("oracle")


def test_what_cannot_be_drained_is_named(postgres: str) -> None:
    with (
        ConnectionPool(postgres, min_size=0, max_size=1, open=False) as pool,
        pytest.raises(TypeError, match="AsyncConnectionPo"),
    ):
        Outbox(pool)
    with pytest.raises(TypeError, match="cannot drain a int"):
        Outbox(7)


@pytest.mark.parametrize("setting", [{"concurrency": 0}, {"concurrency": True}, {"lease": 0}, {"poll": "1"}])
def test_a_senseless_setting_is_named(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(setting))):
        Outbox(**setting)


@pytest.fixture
def crashing(crashing_server: PostgresServer) -> Iterator[tuple[PostgresServer, str]]:
    """A server that may be stopped, and a database on it."""
    with database_with_outbox(crashing_server.dsn) as dsn:
        yield crashing_server, dsn


async def test_the_drain_and_who_waits_survive_restarts_of_the_database(
    crashing: tuple[PostgresServer, str], sandbox: Sandbox, klarna: KlarnaClient, caplog: pytest.LogCaptureFixture
) -> None:
    own_server, dsn = crashing
    reported: list[str] = []

    async def report(_: object, intent: Any) -> None:
        reported.append(intent.reference)

    order = sandbox.order(order_amount=1000).order_id or ""
    async with AsyncConnectionPool(dsn, min_size=1, max_size=8, open=False, timeout=1.0) as pool:
        outbox = Outbox(pool, poll=0.05, lease=1.0, on_result=report)
        ids = [await capture(pool, order, f"s-{number}") for number in range(4)]
        sandbox.fail_next(1, fault="slow", seconds=0.5, operation="captures.create")
        with caplog.at_level(logging.INFO, "klarna_om.outbox"):
            async with asyncio.timeout(50), outbox.draining(klarna):
                while not sandbox.request_count:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(own_server.stop)  # while a capture is under way
                await asyncio.sleep(0.4)
                await asyncio.to_thread(own_server.start)
                results = [await outbox.result(intent_id) for intent_id in ids]
                while len(reported) < 4:
                    await asyncio.sleep(0.01)

    assert [intent.state for intent in results] == [State.DONE] * 4
    assert sandbox.effects(order, "captures.create") == 4
    assert sorted(set(reported)) == ["s-0", "s-1", "s-2", "s-3"]
    assert "cannot be used, trying again" in caplog.text
    assert "can be used again" in caplog.text


async def test_a_drain_can_be_cancelled_while_the_database_is_away(
    crashing: tuple[PostgresServer, str], sandbox: Sandbox, klarna: KlarnaClient, caplog: pytest.LogCaptureFixture
) -> None:
    own_server, dsn = crashing
    order = sandbox.order().order_id or ""
    async with AsyncConnectionPool(dsn, min_size=1, max_size=8, open=False, timeout=0.2) as pool:
        outbox = Outbox(pool, poll=0.05, lease=0.5, grace=0.1)
        intent_id = await capture(pool, order)
        sandbox.fail_next(1, fault="hang", operation="captures.create")
        async with asyncio.timeout(20), outbox.draining(klarna):
            while not sandbox.request_count:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(own_server.stop)
            await asyncio.sleep(0.5)
    await asyncio.to_thread(own_server.start)

    assert "ends by itself" in caplog.text
    async with AsyncConnectionPool(dsn, min_size=1, max_size=8, open=False) as pool:
        outbox = Outbox(pool, poll=0.05)
        async with outbox.draining(klarna):
            assert (await outbox.result(intent_id)).state is State.DONE
    assert sandbox.effects(order) == 1


async def test_an_intent_that_is_committed_late_goes_before_what_was_added_after_it(
    postgres: str, pool: Pool, sandbox: Sandbox
) -> None:
    order = sandbox.order().order_id or ""
    async with await AsyncConnection.connect(postgres) as late:
        early_id = await Outbox().acknowledge(late, order)
        await capture(pool, order)
        store = Store(open_database(pool, None))
        statement = POSTGRESQL.render("{lock_order}").replace(":order_id", "%s")
        await late.execute(statement.encode(), [order])  # as a process that is claiming in this moment
        claiming = asyncio.create_task(store.claim(20.0, "https://klarna.example"))
        async with await AsyncConnection.connect(postgres, autocommit=True) as watcher:
            waits = "select 1 from pg_locks where locktype = 'advisory' and not granted"
            while not await (await watcher.execute(waits)).fetchall():
                await asyncio.sleep(0.01)
        await late.commit()

        assert await claiming is None
    claim = await store.claim(20.0, "https://klarna.example")
    assert claim is not None
    assert claim.intent.id == early_id

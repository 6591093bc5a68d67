"""How a database gets the tables, and what happens where it has others."""

import asyncio

import psycopg
import pytest
from psycopg import AsyncConnection

from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres import Database, schema_sql, upgrade
from klarna_om.batch.postgres.migrations import check_version
from klarna_om.batch.postgres.schema import MIGRATIONS
from tests.support.postgres import new_database

NEXT = {**MIGRATIONS, 3: "alter table klarna_om.jobs add column note text"}


async def test_the_tables_are_made_once_by_many_at_once(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn:

        async def make() -> list[int]:
            async with await AsyncConnection.connect(dsn) as connection:
                return await upgrade(connection)

        assert sorted(await asyncio.gather(*(make() for _ in range(4)))) == [[], [], [], [1, 2]]
        async with Database.connect(dsn):
            pass


async def test_a_newer_release_adds_to_the_tables(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn:
        async with await AsyncConnection.connect(dsn) as connection:
            await upgrade(connection)
            with pytest.raises(JournalError, match="older than this klarna_om: `klarna-om db upgrade`"):
                await check_version(connection, NEXT)

            assert await upgrade(connection, NEXT) == [3]
            await check_version(connection, NEXT)


async def test_a_failed_migration_leaves_the_tables_as_they_were(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn:
        async with await AsyncConnection.connect(dsn) as connection:
            with pytest.raises(psycopg.errors.SyntaxError):
                await upgrade(connection, {**MIGRATIONS, 3: "alter tabel"})
            with pytest.raises(JournalError, match="no tables of klarna_om: make them with `klarna-om db init`"):
                await check_version(connection)


async def test_the_tables_of_a_newer_release_are_left_alone(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn:
        async with await AsyncConnection.connect(dsn) as connection:
            await upgrade(connection, NEXT)
            with pytest.raises(JournalError, match=r"of a newer klarna_om \(version 3; this one knows 2\)"):
                await upgrade(connection)
        with pytest.raises(JournalError, match="install that release here too"):
            async with Database.connect(dsn):
                pass


async def test_the_statements_as_text_make_the_same_tables(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(schema_sql().encode())
        async with Database.connect(dsn):
            pass

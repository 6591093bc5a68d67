"""How a database gets the journal's tables, and those of a newer release."""

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection

from klarna_om.batch.journal import JournalError
from klarna_om.batch.postgres.schema import MIGRATIONS, VERSIONS

_BEGIN = f"""
create schema if not exists klarna_om;
create table if not exists {VERSIONS} (version integer primary key, made_at timestamptz not null default now())"""

_ONE_AT_A_TIME = "select pg_advisory_xact_lock(784901)"  # `if not exists` alone can still collide


def schema_sql(migrations: Mapping[int, str] = MIGRATIONS) -> str:
    """The statements that make the tables in an empty database, for a migration tool."""
    scripts = [_BEGIN, *(f"{sql};\n{_note(number)}" for number, sql in migrations.items())]
    return ";\n".join(scripts).strip() + ";\n"


async def upgrade(connection: AsyncConnection[Any], migrations: Mapping[int, str] = MIGRATIONS) -> list[int]:
    """Make what is missing, in one transaction; returns the numbers of the migrations that were made.

    Raises `JournalError` for the tables of a newer release.
    """
    async with connection.transaction():
        await connection.execute(_ONE_AT_A_TIME)
        await connection.execute(_BEGIN.encode())
        rows = await (await connection.execute(f"select version from {VERSIONS}".encode())).fetchall()
        made = {version for (version,) in rows}
        _check_known(made, migrations)
        missing = [number for number in migrations if number not in made]
        for number in missing:
            await connection.execute(f"{migrations[number]};\n{_note(number)}".encode())
    return missing


async def check_version(connection: AsyncConnection[Any], migrations: Mapping[int, str] = MIGRATIONS) -> None:
    """Raise `JournalError` unless the tables are those of this release."""
    found = await (await connection.execute(f"select to_regclass('{VERSIONS}')".encode())).fetchone()
    if found is None or found[0] is None:
        raise JournalError("this database has no tables of klarna_om: make them with `klarna-om db init`")
    rows = await (await connection.execute(f"select version from {VERSIONS}".encode())).fetchall()
    made = {version for (version,) in rows}
    _check_known(made, migrations)
    if made != set(migrations):
        raise JournalError("the tables of this database are older than this klarna_om: `klarna-om db upgrade`")


def _check_known(made: set[int], migrations: Mapping[int, str]) -> None:
    if newer := made - set(migrations):
        raise JournalError(
            f"the tables of this database are of a newer klarna_om (version {max(newer)}; this one knows"
            f" {max(migrations)}): install that release here too"
        )


def _note(number: int) -> str:
    return f"insert into {VERSIONS} (version) values ({number})"

"""`klarna-om db`: the tables of the journals, of the outbox, of the pace and of the queue."""

import asyncio
from collections.abc import Callable
from typing import Any

import click

from klarna_om.cli.dsn_option import HELP, VARIABLE
from klarna_om.cli.job_end import guard


@click.group("db", epilog="Example: klarna-om db init --dsn postgresql://shop@db/shop")
def command() -> None:
    """Make the tables that klarna_om has in your PostgreSQL, in the schema klarna_om."""


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    dsn = click.option("--dsn", envvar=VARIABLE, help=HELP)
    sql = click.option("--sql", is_flag=True, help="Print the statements, for a migration tool; change nothing.")
    return dsn(sql(function))


@command.command("init", epilog="\b\nExample:\n  klarna-om db init --dsn postgresql://shop@db/shop\n")
@_options
def init(*, dsn: str | None, sql: bool) -> None:
    """Make the tables: the journals', the outbox's, the pace's, Procrastinate's where installed. What exists stays."""
    _make(dsn, sql=sql)


@command.command("upgrade", epilog="\b\nExample:\n  klarna-om db upgrade --sql\n")
@_options
def upgrade(*, dsn: str | None, sql: bool) -> None:
    """Make what a newer release adds to the tables, in one transaction. Procrastinate has migrations of its own."""
    _make(dsn, sql=sql)


def _make(dsn: str | None, *, sql: bool) -> None:
    if sql:
        click.echo(guard(_statements, source="klarna-om db"), nl=False)
        return
    if dsn is None:
        raise click.UsageError(f"name the database: --dsn, or {VARIABLE}")
    for line in guard(lambda: asyncio.run(_make_all(dsn)), source="klarna-om db"):
        click.echo(line)


def _statements() -> str:
    from klarna_om.batch.postgres import schema_sql as journal_sql
    from klarna_om.outbox import schema_sql as outbox_sql
    from klarna_om.pace.postgres import schema_sql as pace_sql

    parts = [
        f"-- The journals\n{journal_sql()}",
        f"-- The outbox\n{outbox_sql()}",
        f"-- The pace: KLARNA_OM_PACE=postgresql://...\n{pace_sql()}",
    ]
    try:
        from klarna_om.engines.procrastinate import schema_sql as queue_sql

        parts.append(f"-- The queue: Procrastinate\n{queue_sql()}")
    except ImportError:
        parts.append("-- The queue: pip install 'klarna-om[procrastinate]'\n")
    return "\n".join(parts)


async def _make_all(dsn: str) -> list[str]:
    from klarna_om.batch.postgres.database import connect_once
    from klarna_om.batch.postgres.migrations import upgrade as upgrade_journal
    from klarna_om.outbox import create_schema
    from klarna_om.pace.postgres import schema_sql as pace_sql

    async with connect_once(dsn) as connection:
        made = await upgrade_journal(connection)
        await create_schema(connection)
        await connection.execute(pace_sql().encode())
        journals = f"version {max(made)} is made" if made else "up to date"
        return [
            f"journals: {journals}",
            "outbox: up to date",
            "pace: up to date",
            f"queue: {await _make_queue(connection)}",
        ]


async def _make_queue(connection: Any) -> str:
    try:
        from klarna_om.engines.procrastinate import make_tables
    except ImportError as missing:
        return str(missing)
    return "made" if await make_tables(connection) else "left as it is"

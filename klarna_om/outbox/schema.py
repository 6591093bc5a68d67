"""The tables of the outbox, and how a database gets them."""

from klarna_om.outbox.connections import Transaction
from klarna_om.outbox.dialect import POSTGRESQL, SQLITE, Dialect

VERSION = 1
"""What this release needs."""

_POSTGRESQL = """
create schema if not exists klarna_om;
create table if not exists {version} (version integer not null, target text);
create table if not exists {intents} (
    number bigint generated always as identity unique,
    id uuid primary key,
    operation text not null,
    order_id text not null,
    capture_id text,
    reference text not null,
    body text,
    generation integer not null default 0,
    state text not null default 'pending'
        check (state in ('pending', 'unknown', 'done', 'refused', 'escalated')),
    attempts integer not null default 0,
    failed_calls integer not null default 0,
    created timestamptz not null,
    first_tried timestamptz,
    due timestamptz not null,
    lease uuid,
    lease_until timestamptz,
    settled timestamptz,
    reported timestamptz,
    result_id text,
    status integer,
    error_code text,
    correlation_id text,
    correlation_ids text not null default '',
    detail text
)"""

_SQLITE = (
    _POSTGRESQL.replace("create schema if not exists klarna_om;\n", "")
    .replace("bigint generated always as identity unique", "integer primary key autoincrement")
    .replace("uuid primary key", "text not null unique")
    .replace("timestamptz", "real")
    .replace("lease uuid", "lease text")
)

_INDEXES = """;
create unique index if not exists intents_reference on {intents} (operation, lower(order_id), reference);
create index if not exists intents_open on {intents} (order_id, number)
    where state in ('pending', 'unknown', 'escalated');
create index if not exists intents_due on {intents} (due, number) where state in ('pending', 'unknown');
create index if not exists intents_unreported on {intents} (due)
    where reported is null and state in ('done', 'refused', 'escalated');
insert into {version} (version) select 1 where not exists (select 1 from {version})"""

_TABLES = {
    POSTGRESQL: _POSTGRESQL + _INDEXES,
    # In SQLite an index is not in the schema of its table.
    SQLITE: (_SQLITE + _INDEXES).replace("exists intents_", "exists klarna_om_intents_"),
}


def schema_sql(database: str = "postgresql") -> str:
    """The statements that make the tables, for a migration tool; `database` is `postgresql` or `sqlite`."""
    for dialect, statements in _TABLES.items():
        if dialect.name == database:
            return dialect.render(statements).strip() + ";\n"
    raise ValueError(f"database={database!r}: use 'postgresql' or 'sqlite'")


async def make_tables(transaction: Transaction) -> None:
    """Make what is missing, in the caller's transaction."""
    if transaction.dialect is POSTGRESQL:
        await transaction.fetch("select pg_advisory_xact_lock(784900)")  # `if not exists` alone can still collide
    for statement in schema_sql(transaction.dialect.name).split(";\n"):
        if statement.strip():
            await transaction.fetch(statement)


def exists(dialect: Dialect) -> str:
    """A question whether the tables are there, and never fails."""
    if dialect is POSTGRESQL:
        return "select to_regclass('{version}')"
    return "select name from sqlite_master where name = '{version}'"

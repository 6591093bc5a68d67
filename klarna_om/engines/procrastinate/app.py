"""Procrastinate's side: its tables, its app, and the name of the task that runs a chunk."""

from procrastinate import App, PsycopgConnector

from klarna_om.batch.postgres.database import Connection, make_conninfo

NAMESPACE = "klarna_om"

TASK = f"{NAMESPACE}:run_chunk"
"""The task's name in every app."""

_EXISTS = "select to_regclass('procrastinate_jobs')"


def make_app(dsn: str) -> App:
    """An app for one database, without tasks; open it with `open_async`."""
    connector = PsycopgConnector(conninfo=make_conninfo(dsn), min_size=1, max_size=4, reconnect_timeout=2.0)
    return App(connector=connector)


def schema_sql() -> str:
    """The statements that make Procrastinate's tables in an empty database. Later ones are its own migrations."""
    return str(App(connector=PsycopgConnector()).schema_manager.get_schema())


async def make_tables(connection: Connection) -> bool:
    """Make Procrastinate's tables unless they are there; returns whether they were made."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(784902)")
        found = await (await connection.execute(_EXISTS)).fetchone()
        if found is not None and found[0] is not None:
            return False
        await connection.execute(schema_sql().encode())
        return True

"""Procrastinate's side: its tables, its app, and the name of the task that runs a chunk."""

from hashlib import blake2b

from procrastinate import App, PsycopgConnector

from klarna_om.batch.postgres.database import Connection, make_conninfo
from klarna_om.settings.base_url import host_and_port

NAMESPACE = "klarna_om"

TASK = f"{NAMESPACE}:run_chunk"
"""The task's name in every app."""

_EXISTS = "select to_regclass('procrastinate_jobs')"


def queue_of(target: str) -> str:
    """The queue of the chunks whose calls go to this host: no worker gets those of another environment.

    Short, as PostgreSQL limits the names of its notifications.
    """
    host, port = host_and_port(target)
    return f"klarna_om_{blake2b(f'{host}:{port}'.encode(), digest_size=8).hexdigest()}"


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

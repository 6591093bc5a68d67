"""The journal in PostgreSQL, for workers on several machines. `pip install 'klarna-om[postgres]'`.

async with PostgresJournal.open(dsn, job_id, "captures.create") as journal:
    summary = await run(klarna, Job("captures.create", rows, journal=journal))

The tables come from `klarna-om db init`, or from `upgrade(connection)`.
"""

try:
    import psycopg_pool as _  # noqa: F401 - it needs psycopg itself
except ImportError as missing:
    raise ImportError(
        "klarna_om.batch.postgres needs two more packages. Install them with: pip install 'klarna-om[postgres]'",
        name=missing.name,
    ) from missing

from klarna_om.batch.postgres.database import Database
from klarna_om.batch.postgres.jobs import JobProgress, read_jobs
from klarna_om.batch.postgres.journal import PostgresJournal
from klarna_om.batch.postgres.migrations import schema_sql, upgrade

__all__ = ["Database", "JobProgress", "PostgresJournal", "read_jobs", "schema_sql", "upgrade"]

"""`klarna-om jobs retry JOB`: let the workers take up again what was refused, or what nobody knows."""

import asyncio
from uuid import UUID

import click

from klarna_om.cli.dsn_option import dsn_option
from klarna_om.cli.job_end import guard


@click.command(
    "jobs retry",
    epilog="""\b
Example:
  klarna-om jobs retry 3f6d5c1e-4b8e-5a57-9a63-7c0f2e9b1d84 --refused --code CAPTURE_NOT_ALLOWED
""",
)
@click.argument("job", type=click.UUID)
@click.option("--refused", is_flag=True, help="Rows that Klarna refused: under new keys, as nothing has happened.")
@click.option("--unknown", is_flag=True, help="Rows of unknown outcome, also escalated ones, under their keys.")
@click.option("--code", help="Only rows with this error code of Klarna's.")
@dsn_option
def command(job: UUID, code: str | None, dsn: str, *, refused: bool, unknown: bool) -> None:
    """Open rows of a job again that are refused or unknown, once their cause is gone; workers find them in 30 seconds.

    A job that a program runs by itself is taken up when that program is run again. What may have happened is never
    sent under a new key.
    """
    if not (refused or unknown):
        raise click.UsageError("say which rows: --refused, --unknown, or both")
    count = guard(
        lambda: asyncio.run(_retry(dsn, job, code, refused=refused, unknown=unknown)), source="klarna-om jobs retry"
    )
    click.echo(f"{count} rows are taken up again." if count else "No row is like that.")


async def _retry(dsn: str, job: UUID, code: str | None, *, refused: bool, unknown: bool) -> int:
    from klarna_om.batch.postgres import Database, PostgresJournal
    from klarna_om.batch.postgres.reader import read_identity

    async with Database.connect(dsn) as database:
        journal = PostgresJournal(database, await read_identity(database, job))
        return await journal.retry(refused=refused, unknown=unknown, code=code)

"""`klarna-om submit OPERATION MANIFEST`: hand a job to the workers."""

import asyncio
from typing import Any
from uuid import UUID

import click

from klarna_om.batch.manifest import read_chunks
from klarna_om.batch.row_parser import RowParser
from klarna_om.cli.batch import SHORT
from klarna_om.cli.dsn_option import dsn_option
from klarna_om.cli.job_end import guard
from klarna_om.cli.manifest_lines import open_lines
from klarna_om.settings.environment import Environment, find_environment
from klarna_om.workflows.writes import WRITES


@click.command(
    "submit",
    epilog="""\b
Example:
  export KLARNA_OM_ENVIRONMENT=eu KLARNA_OM_DSN=postgresql://shop@db/shop
  klarna-om submit capture captures.csv

\b
Exit codes: 0 submitted, 2 nothing was submitted, 4 the environment is wrong.
""",
)
@click.argument("operation", type=click.Choice([*sorted(SHORT), *sorted(WRITES)]), metavar="OPERATION")
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@dsn_option
@click.option("--column", default="order_id", show_default=True, help="Column or key that holds the order id.")
@click.option("--chunk", type=click.IntRange(50, 10_000), default=200, show_default=True, help="Rows in a chunk.")
@click.option("--job", type=click.UUID, help="Replace the manifest of this job; what is known of an order stays.")
def command(*, operation: str, manifest: str, **given: Any) -> None:
    """Load MANIFEST into the database and deliver it to the workers, in one transaction; prints the job's id.

    The environment is taken from KLARNA_OM_ENVIRONMENT: only workers for the same host get the job. Credentials are
    not needed here. A capture or refund has one key per order and reference, so a manifest that is submitted twice
    makes it once; of other writes, submit it again with --job.
    """
    operation = SHORT.get(operation, operation)
    job, lines = guard(lambda: _submit(operation, manifest, **given), source=manifest)
    click.echo(f"submitted: {lines}", err=True)
    click.echo(job)


def _submit(operation: str, manifest: str, *, dsn: str, column: str, chunk: int, job: UUID | None) -> tuple[UUID, str]:
    environment = find_environment()
    with open_lines(manifest, RowParser(operation, column, kustom=environment.is_kustom)) as lines:
        return asyncio.run(_load(operation, read_chunks(lines), environment, dsn=dsn, chunk=chunk, job=job))


async def _load(
    operation: str, chunks: Any, environment: Environment, *, dsn: str, chunk: int, job: UUID | None
) -> tuple[UUID, str]:
    from klarna_om.batch.postgres import Database, read_jobs
    from klarna_om.engines.procrastinate import submit

    async with Database.connect(dsn) as database:
        job = await submit(database, operation, chunks, target=environment.base_url, job_id=job, window=chunk)
        (submitted,) = await read_jobs(database, job)
        return job, f"{submitted.totals.lines} lines: {submitted.totals}"

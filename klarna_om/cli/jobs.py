"""`klarna-om jobs`: how far the jobs of a database are, and who works on them."""

import asyncio
import sys
from asyncio import sleep
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec
from attrs import asdict
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from klarna_om.cli.dsn_option import HELP, VARIABLE
from klarna_om.cli.job_end import guard
from klarna_om.cli.jobs_retry import command as retry
from klarna_om.cli.jobs_serve import command as serve

if TYPE_CHECKING:
    from klarna_om.batch.postgres import JobProgress

WIDE = 1_000
"""Columns of a listing that goes to no terminal."""

WATCH_INTERVAL = 1.0
"""Seconds between two readings."""


@click.group(
    "jobs",
    invoke_without_command=True,
    epilog="""\b
Example:
  klarna-om jobs --dsn postgresql://shop@db/shop --watch
""",
)
@click.option("--dsn", envvar=VARIABLE, help=HELP)
@click.option("--watch", is_flag=True, help="Show it again every second, until no row is open; Ctrl-C ends it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each job.")
@click.pass_context
def command(context: click.Context, *, dsn: str | None, watch: bool, as_json: bool) -> None:
    """List all jobs, the oldest first: what is done, what is open, and how many workers have chunks of it."""
    if context.invoked_subcommand is not None:
        return
    if dsn is None:
        raise click.UsageError(f"name the database: --dsn, or {VARIABLE}")
    guard(lambda: asyncio.run(_show(dsn, watch=watch, as_json=as_json)), source="klarna-om jobs")


command.add_command(retry, "retry")
command.add_command(serve, "serve")


async def _show(dsn: str, *, watch: bool, as_json: bool) -> None:
    from klarna_om.batch.postgres import Database, read_jobs

    async with Database.connect(dsn) as database:
        jobs = await read_jobs(database)
        if as_json:
            for job in jobs:
                click.echo(msgspec.json.encode(_object(job)).decode())
            return
        # A file or a pipe gets each line whole; a terminal folds what is too wide.
        console = Console(width=None if sys.stdout.isatty() else WIDE)
        if not watch:
            console.print(_table(jobs))
            return
        with Live(_table(jobs), console=console, auto_refresh=False) as live:
            while any(job.totals.pending + job.totals.unknown for job in jobs):
                await sleep(WATCH_INTERVAL)
                jobs = await read_jobs(database)
                live.update(_table(jobs), refresh=True)


def _object(job: "JobProgress") -> dict[str, Any]:
    return {
        "job": job.identity.job_id,
        "operation": job.identity.operation,
        "target": job.target,
        "created_at": job.created_at,
        **asdict(job.totals),
        "workers": [asdict(lease) for lease in job.workers],
    }


def _table(jobs: "Sequence[JobProgress]") -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("job", "operation", "settled", "workers", "outcomes"):
        table.add_column(name, overflow="fold", no_wrap=name != "outcomes")
    for job in jobs:
        settled = f"{job.totals.settled} of {job.totals.orders}"
        chunks = sum(lease.chunks for lease in job.workers)
        workers = f"{len(job.workers)} with {chunks} chunks"
        cells = (job.identity.job_id, job.identity.operation, settled, workers, str(job.totals))
        table.add_row(*map(Text, cells))
    return table

"""`klarna-om batch retry JOURNAL`: take up again what was refused, or what nobody knows."""

import asyncio
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import choose_on_expired
from klarna_om.batch.totals import Summary
from klarna_om.cli.batch_options import Settings, run_options
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.execute import execute
from klarna_om.cli.files import check_files, report_of
from klarna_om.cli.job_end import end, guard
from klarna_om.cli.run import RunResult


@click.command(
    "batch retry",
    epilog="""\b
Example:
  klarna-om batch retry captures.csv.journal --refused --code CAPTURE_NOT_ALLOWED --dry-run
  klarna-om batch retry captures.csv.journal --refused --code CAPTURE_NOT_ALLOWED
""",
)
@click.argument("journal", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--refused", is_flag=True, help="Rows that Klarna refused: under new keys, as nothing has happened.")
@click.option(
    "--unknown",
    is_flag=True,
    help="Rows of unknown outcome, also escalated ones, under their keys; Klarna's schedule begins anew.",
)
@click.option("--code", help="Only rows with this error code of Klarna's.")
@run_options
def command(
    journal: Path,
    report: Path | None,
    html: Path | None,
    code: str | None,
    *,
    refused: bool,
    unknown: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Run rows of a job again that are refused or unknown, once their cause is gone.

    The job's own manifest counts, as it was last loaded. What may have happened is never sent under a new key.
    """
    if not (refused or unknown):
        raise click.UsageError("say which rows: --refused, --unknown, or both")
    report = report or report_of(journal)
    check_files(None, journal, report, html)
    operation = guard(lambda: asyncio.run(_operation_of(journal)), source=journal, journal=journal)
    settings = Settings(
        operation=operation,
        manifest=str(journal),
        column="",
        journal=journal,
        report=report,
        html=html,
        on_expired=choose_on_expired(operation, None),
        **given,
    )
    rows = _Rows(refused=refused, unknown=unknown, code=code)

    def run() -> RunResult:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(_dry_run(settings, rows) if dry_run else execute(settings, None, rows.take_up))

    end(settings, guard(run, source=journal, journal=journal), dry_run=dry_run, as_json=as_json)


@frozen
class _Rows:
    """Which rows are run again."""

    refused: bool
    unknown: bool
    code: str | None

    async def take_up(self, journal: SqliteJournal) -> None:
        count = await journal.retry(refused=self.refused, unknown=self.unknown, code=self.code)
        click.echo(f"{count} rows are taken up again." if count else "No row is like that.", err=True)


async def _operation_of(journal: Path) -> str:
    async with SqliteJournal.open_to_read(journal) as known:
        return known.identity.operation


async def _dry_run(settings: Settings, rows: _Rows) -> RunResult:
    async with SqliteJournal.open_copy(settings.journal, settings.operation) as copy:
        await rows.take_up(copy)
        return RunResult(Summary(copy.identity.job_id, await copy.counts()))

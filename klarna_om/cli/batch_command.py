"""A command that runs one operation over the rows of a manifest, also when it is interrupted and run again."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from klarna_om.batch.entry import Entry
from klarna_om.batch.manifest import read_chunks
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.states import OnExpired, choose_on_expired
from klarna_om.cli.batch_options import Settings, batch_options
from klarna_om.cli.batch_texts import epilog_of, help_of
from klarna_om.cli.dry_run import dry_run as read_only
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.execute import execute
from klarna_om.cli.files import choose_files
from klarna_om.cli.job_end import end, guard
from klarna_om.cli.manifest_argument import Manifests
from klarna_om.cli.manifest_lines import open_lines
from klarna_om.cli.merchant_command import find_jobs, has_merchants, run_merchants
from klarna_om.cli.run import RunResult


def make_command(name: str, operation: str) -> click.Command:
    """The command of this name, for one of the 13 writes."""

    def command(
        *,
        manifest: Manifests,
        merchant_column: str | None,
        journal: Path | None,
        report: Path | None,
        dry_run: bool,
        as_json: bool,
        on_expired: OnExpired | None = None,
        **given: Any,
    ) -> None:
        make = partial(Settings, operation=operation, on_expired=choose_on_expired(operation, on_expired), **given)
        if has_merchants(manifest, merchant_column):
            jobs = find_jobs(make, manifest, merchant_column, journal, report)
            run_merchants(jobs, dry_run=dry_run, as_json=as_json)
        path = str(manifest[0])
        journal, report = choose_files(path, journal, report, given["html"])
        settings = make(manifest=path, journal=journal, report=report)
        work = read_only if dry_run else _run_job
        result = guard(lambda: _run(settings, work), source=path, journal=journal)
        end(settings, result, dry_run=dry_run, as_json=as_json)

    decorated = batch_options(operation)(command)
    return click.command(name, help=help_of(operation), epilog=epilog_of(name, operation))(decorated)


def _run(settings: Settings, work: Callable[[Settings, Iterator[Entry]], Any]) -> RunResult:
    parser = RowParser(settings.operation, settings.column, kustom=settings.is_kustom())
    with open_lines(settings.manifest, parser) as lines, asyncio.Runner(loop_factory=loop_factory()) as runner:
        result: RunResult = runner.run(work(settings, lines))
        return result


async def _run_job(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    return await execute(settings, read_chunks(lines))

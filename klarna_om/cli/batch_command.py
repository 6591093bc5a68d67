"""A command that runs one operation over the rows of a manifest, also when it is interrupted and run again."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import click

from klarna_om.batch.entry import Entry
from klarna_om.batch.manifest import read_chunks
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import choose_on_expired
from klarna_om.batch.totals import Summary
from klarna_om.cli.batch_options import Settings, batch_options
from klarna_om.cli.batch_texts import epilog_of, help_of
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.execute import check_outputs, execute
from klarna_om.cli.files import choose_files
from klarna_om.cli.job_end import end, guard
from klarna_om.cli.manifest_lines import open_lines
from klarna_om.cli.run import RunResult


def make_command(name: str, operation: str) -> click.Command:
    """The command of this name, for one of the 13 writes."""

    def command(*, dry_run: bool, as_json: bool, **given: Any) -> None:
        journal, report = choose_files(given["manifest"], given["journal"], given["report"], given["html"])
        on_expired = choose_on_expired(operation, given.pop("on_expired", None))
        named: dict[str, Any] = {**given, "journal": journal, "report": report}
        settings = Settings(**named, operation=operation, on_expired=on_expired)
        work = _dry_run if dry_run else _run_job
        result = guard(lambda: _run(settings, work), source=settings.manifest, journal=journal)
        end(settings, result, dry_run=dry_run, as_json=as_json)

    decorated = batch_options(operation)(command)
    return click.command(name, help=help_of(operation), epilog=epilog_of(name, operation))(decorated)


def _run(settings: Settings, work: Callable[[Settings, Iterator[Entry]], Any]) -> RunResult:
    parser = RowParser(settings.operation, settings.column, kustom=settings.is_kustom())
    with open_lines(settings.manifest, parser) as lines, asyncio.Runner(loop_factory=loop_factory()) as runner:
        result: RunResult = runner.run(work(settings, lines))
        return result


async def _dry_run(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    async with SqliteJournal.open_copy(settings.journal, settings.operation) as journal:
        await check_outputs(journal, settings)
        await journal.load(read_chunks(lines))
        problems = await journal.select_lines(("malformed", "conflict"), settings.shown_problems)
        return RunResult(Summary(journal.identity.job_id, await journal.counts()), problems=tuple(problems))


async def _run_job(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    return await execute(settings, read_chunks(lines))

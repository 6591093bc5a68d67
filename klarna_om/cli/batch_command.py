"""A command that runs one operation over the rows of a manifest, also when it is interrupted and run again."""

import asyncio
import logging
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from attrs import evolve

from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry
from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import JournalError
from klarna_om.batch.manifest import decode_file, open_manifest, parse_manifest, read_chunks, require_rows
from klarna_om.batch.progress_tracker import ProgressTracker
from klarna_om.batch.report import ReportError
from klarna_om.batch.report_owner import check_report
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.senders import make_sender
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import choose_on_expired
from klarna_om.batch.totals import Summary
from klarna_om.cli.batch_options import Settings, batch_options
from klarna_om.cli.batch_texts import epilog_of, help_of
from klarna_om.cli.connection_options import connection_arguments
from klarna_om.cli.error_text import error_text
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.files import choose_files
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.progress import show_progress
from klarna_om.cli.run import CliRun, RunResult
from klarna_om.cli.summary import dry_run_text, exit_code_for, summary_json, summary_text
from klarna_om.cli.terminal import output_failure
from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError


def make_command(name: str, operation: str) -> click.Command:
    """The command of this name, for one of the 13 writes."""

    def command(*, dry_run: bool, as_json: bool, **given: Any) -> None:
        # Every failed attempt is logged; here the report lists it, and the display should stay readable.
        logging.getLogger("klarna_om").addHandler(logging.NullHandler())
        journal, report = choose_files(given["manifest"], given["journal"], given["report"])
        on_expired = choose_on_expired(operation, given.pop("on_expired", None))
        settings = Settings(
            **{**given, "journal": journal, "report": report}, operation=operation, on_expired=on_expired
        )
        work = _dry_run if dry_run else _run_job
        _end(settings, _guard(settings, lambda: _run(settings, work)), dry_run=dry_run, as_json=as_json)

    decorated = batch_options(operation)(command)
    return click.command(name, help=help_of(operation), epilog=epilog_of(name, operation))(decorated)


def _guard(settings: Settings, run: Callable[[], RunResult]) -> RunResult:
    """Say what is wrong, and end, where there is no result."""
    try:
        return run()
    except (ManifestError, JournalError, ReportError) as reason:
        _fail(str(reason), ExitCode.USAGE)
    except OSError as reason:
        _fail(f"{reason.filename or settings.manifest}: {reason.strerror or reason}", ExitCode.USAGE)
    except ConfigurationError as reason:
        _fail(with_option_names(str(reason)), ExitCode.CREDENTIALS_OR_HOST)
    except KeyboardInterrupt:
        if not settings.journal.exists():
            _fail("interrupted; nothing was sent", ExitCode.INTERRUPTED)
        _fail("stopped; run the same command again to continue", ExitCode.STOPPED)


def _fail(message: str, code: ExitCode) -> NoReturn:
    click.echo(f"klarna-om: {message}", err=True)
    sys.exit(code.value)


def _end(settings: Settings, result: RunResult, *, dry_run: bool, as_json: bool) -> NoReturn:
    code = ExitCode.DONE if dry_run else exit_code_for(result)
    message = dry_run_text(settings, result) if dry_run else summary_text(settings, result)
    if result.error is not None:
        click.echo(f"klarna-om: {error_text(result, result.error)}", err=True)
    click.echo(summary_json(settings, result, code) if as_json else message)
    if (failure := output_failure()) is not None:
        click.echo(f"klarna-om: this summary could not be written ({failure.strerror}):\n{message}", err=True)
    sys.exit(code.value)


def _run(settings: Settings, work: Callable[[Settings, Iterator[Entry]], Any]) -> RunResult:
    with _open_lines(settings) as lines, asyncio.Runner(loop_factory=loop_factory()) as runner:
        result: RunResult = runner.run(work(settings, lines))
        return result


@contextmanager
def _open_lines(settings: Settings) -> Generator[Iterator[Entry], None, None]:
    """The manifest's lines. A pipe is read to its end before the job begins; Ctrl-C ends that wait."""
    parser = RowParser(settings.operation, settings.column, kustom=settings.is_kustom())
    if settings.manifest != "-":
        with open_manifest(Path(settings.manifest), parser) as lines:
            yield require_rows(lines)
        return
    with decode_file(sys.stdin.buffer) as text:
        yield require_rows(parse_manifest(text, parser))


async def _dry_run(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    async with SqliteJournal.open_copy(settings.journal, settings.operation) as journal:
        await check_report(journal, settings.report)
        await journal.load(read_chunks(lines))
        problems = await journal.select_lines(("malformed", "conflict"), settings.shown_problems)
        return RunResult(Summary(journal.identity.job_id, await journal.counts()), problems=tuple(problems))


async def _run_job(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    async with (
        KlarnaClient(in_flight=settings.in_flight, rate=settings.rate, **connection_arguments()) as client,
        SqliteJournal.open(settings.journal, settings.operation) as journal,
    ):
        await check_report(journal, settings.report)
        with show_progress(sys.stderr) as show:
            execution = Execution(
                journal=journal,
                sender=make_sender(client, settings.operation),
                target=client.environment.base_url,
                in_flight=settings.in_flight,
                on_expired=settings.on_expired,
                keep_going=settings.keep_going,
                tracker=ProgressTracker(show),
            )
            result = await CliRun(execution, settings.report).run(read_chunks(lines))
        return evolve(result, settled_at=await journal.last_result_at()) if result.had_nothing_to_do else result

"""`klarna-om acknowledge`: acknowledge the orders of a manifest, also when it is interrupted and run again."""

import asyncio
import logging
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from attrs import evolve

from klarna_om.batch.acknowledge import make_sender
from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry
from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import JournalError
from klarna_om.batch.manifest import decode_file, open_manifest, parse_manifest, read_chunks, require_orders
from klarna_om.batch.progress_tracker import ProgressTracker
from klarna_om.batch.report import ReportError
from klarna_om.batch.report_owner import check_report
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import OnExpired
from klarna_om.batch.totals import Summary
from klarna_om.cli.connection_options import connection_arguments, connection_options
from klarna_om.cli.error_text import error_text
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.exit_codes import MEANINGS, ExitCode
from klarna_om.cli.files import choose_files
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.progress import show_progress
from klarna_om.cli.run import CliRun, RunResult
from klarna_om.cli.summary import Settings, dry_run_text, exit_code_for, summary_json, summary_text
from klarna_om.cli.terminal import output_failure
from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError

EPILOG = """\b
Example:
  export KLARNA_OM_ENVIRONMENT=eu KLARNA_OM_USERNAME=... KLARNA_OM_PASSWORD=...
  klarna-om acknowledge orders.csv --dry-run
  klarna-om acknowledge orders.csv

The first Ctrl-C (or SIGTERM) lets the calls in progress end, the second stops at once. After either, after a crash or a
power cut, the same command continues: what may have been sent is repeated under its old idempotency key, which Klarna
executes once. That holds for one journal: another one knows nothing of it. If the manifest has changed, orders that are
known keep their outcome, and orders that it no longer names are not sent.

\b
Exit codes:
""" + "\n".join(f"  {code.value}  {meaning}" for code, meaning in MEANINGS.items())


@click.command("acknowledge", epilog=EPILOG)
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--column", default="order_id", show_default=True, help="Column or key that holds the order id.")
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Default: MANIFEST.journal.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="One row for each line of the manifest. Default: orders.report.csv for orders.csv.",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Requests per second, at most.")
@click.option(
    "--in-flight", type=click.IntRange(min=1), default=64, show_default=True, help="Orders in progress at once."
)
@click.option(
    "--on-expired",
    type=click.Choice(["resend", "fail"]),
    default="resend",
    show_default=True,
    help="For orders that may have been sent over 23 hours ago. Acknowledge them again, or leave them unknown.",
)
@connection_options
@click.option(
    "--keep-going", is_flag=True, help="Continue when the first 50 orders are all refused alike; else the job stops."
)
@click.option("--dry-run", is_flag=True, help="Read the manifest and show what would be done; send and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    manifest: str,
    column: str,
    journal: Path | None,
    report: Path | None,
    rate: float | None,
    in_flight: int,
    on_expired: OnExpired,
    *,
    keep_going: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Acknowledge every order of MANIFEST once; run it again to continue after an interruption.

    MANIFEST is CSV with a header, JSON, or plain lines of order ids; `-` reads standard input and needs --journal, as
    any pipe does. Repeated, blank and malformed lines are reported and not sent.
    """
    # Every failed attempt is logged; here the report lists it, and the display should stay readable.
    logging.getLogger("klarna_om").addHandler(logging.NullHandler())
    journal, report = choose_files(manifest, journal, report)
    settings = Settings(
        manifest=manifest,
        column=column,
        journal=journal,
        report=report,
        rate=rate,
        in_flight=in_flight,
        on_expired=on_expired,
        keep_going=keep_going,
    )
    try:
        result = _run(settings, dry_run=dry_run)
    except (ManifestError, JournalError, ReportError) as reason:
        _fail(str(reason), ExitCode.USAGE)
    except OSError as reason:
        _fail(f"{reason.filename or manifest}: {reason.strerror or reason}", ExitCode.USAGE)
    except ConfigurationError as reason:
        _fail(with_option_names(str(reason)), ExitCode.CREDENTIALS_OR_HOST)
    except KeyboardInterrupt:
        if not journal.exists():
            _fail("interrupted; nothing was sent", ExitCode.INTERRUPTED)
        _fail("stopped; run the same command again to continue", ExitCode.STOPPED)
    code = ExitCode.DONE if dry_run else exit_code_for(result)
    message = dry_run_text(result) if dry_run else summary_text(settings, result)
    if result.error is not None:
        click.echo(f"klarna-om: {error_text(result, result.error)}", err=True)
    click.echo(summary_json(settings, result, code) if as_json else message)
    if (failure := output_failure()) is not None:
        click.echo(f"klarna-om: this summary could not be written ({failure.strerror}):\n{message}", err=True)
    sys.exit(code.value)


def _fail(message: str, code: ExitCode) -> NoReturn:
    click.echo(f"klarna-om: {message}", err=True)
    sys.exit(code.value)


def _run(settings: Settings, *, dry_run: bool) -> RunResult:
    with _open_lines(settings) as lines, asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_dry_run(settings, lines) if dry_run else _acknowledge(settings, lines))


@contextmanager
def _open_lines(settings: Settings) -> Generator[Iterator[Entry], None, None]:
    """The manifest's lines. A pipe is read to its end before the job begins; Ctrl-C ends that wait."""
    if settings.manifest != "-":
        with open_manifest(Path(settings.manifest), settings.column) as lines:
            yield require_orders(lines)
        return
    with decode_file(sys.stdin.buffer) as text:
        yield require_orders(parse_manifest(text, settings.column))


async def _dry_run(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    async with SqliteJournal.open_copy(settings.journal) as journal:
        await check_report(journal, settings.report)
        await journal.load(read_chunks(lines))
        return RunResult(Summary(journal.identity.job_id, await journal.counts()))


async def _acknowledge(settings: Settings, lines: Iterator[Entry]) -> RunResult:
    async with (
        KlarnaClient(in_flight=settings.in_flight, rate=settings.rate, **connection_arguments()) as client,
        SqliteJournal.open(settings.journal) as journal,
    ):
        await check_report(journal, settings.report)
        with show_progress(sys.stderr) as show:
            execution = Execution(
                journal=journal,
                sender=make_sender(client),
                target=client.environment.base_url,
                in_flight=settings.in_flight,
                on_expired=settings.on_expired,
                keep_going=settings.keep_going,
                tracker=ProgressTracker(show),
            )
            result = await CliRun(execution, settings.report).run(read_chunks(lines))
        return evolve(result, settled_at=await journal.last_result_at()) if result.had_nothing_to_do else result

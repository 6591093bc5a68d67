"""`klarna-om acknowledge`: acknowledge the orders of a manifest, however often it is interrupted."""

import asyncio
import logging
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from klarna_om.batch.acknowledge import acknowledging
from klarna_om.batch.attended import Attended, Ended
from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import JournalError
from klarna_om.batch.manifest import entries, in_chunks, reading, text_of, with_orders
from klarna_om.batch.report import ReportError
from klarna_om.batch.report_owner import check_report
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import OnExpired
from klarna_om.cli.connection_options import connection_arguments, connection_options
from klarna_om.cli.exit_codes import MEANINGS, ExitCode
from klarna_om.cli.files import files_of
from klarna_om.cli.progress import shown
from klarna_om.cli.summary import Settings, advice_on, as_json_text, code_of, words, words_of_rehearsal
from klarna_om.cli.terminal import output_failure
from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError

EPILOG = """\b
Example:
  export KLARNA_OM_ENVIRONMENT=eu KLARNA_OM_USERNAME=... KLARNA_OM_PASSWORD=...
  klarna-om acknowledge orders.csv --dry-run
  klarna-om acknowledge orders.csv

The first Ctrl-C (or SIGTERM) lets what is under way end, the second stops at once. After either, after a crash or a
power cut, the same command goes on: what was perhaps sent is repeated under its old idempotency key, which Klarna
executes once. A changed manifest is taken as it is now: orders that are known keep their outcome, orders that it no
longer names are not sent.

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
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="At most so many requests a second.")
@click.option(
    "--in-flight", type=click.IntRange(min=1), default=64, show_default=True, help="Orders under way at once."
)
@click.option(
    "--on-expired",
    type=click.Choice(["resend", "fail"]),
    default="resend",
    show_default=True,
    help="Orders perhaps sent over 23 hours ago: acknowledge them anew, or leave them as unknown.",
)
@connection_options
@click.option(
    "--keep-going", is_flag=True, help="Go on though the first 50 orders are all refused alike; else the job stops."
)
@click.option("--dry-run", is_flag=True, help="Read the manifest and say what would be done; send and write nothing.")
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
    """Acknowledge every order of MANIFEST once; run it again to go on after an interruption.

    MANIFEST is CSV with a header, JSON, or plain lines of order ids; `-` reads standard input and needs --journal, as
    any pipe does. Repeated, blank and malformed lines are reported and do no harm.
    """
    # Every attempt that fails is logged; here the report tells it, and the display should stay readable.
    logging.getLogger("klarna_om").addHandler(logging.NullHandler())
    journal, report = files_of(manifest, journal, report)
    settings = Settings(manifest, column, journal, report, rate, in_flight, on_expired, keep_going)
    try:
        ended = _run(settings, dry_run=dry_run)
    except (ManifestError, JournalError, ReportError) as reason:
        _fail(str(reason), ExitCode.USAGE)
    except OSError as reason:
        _fail(f"{reason.filename or manifest}: {reason.strerror or reason}", ExitCode.USAGE)
    except ConfigurationError as reason:
        _fail(str(reason), ExitCode.NOTHING_SENT)
    except KeyboardInterrupt:
        if not journal.exists():
            _fail("interrupted; nothing was sent", ExitCode.INTERRUPTED)
        _fail("stopped; run the same command again to go on", ExitCode.STOPPED)
    code = ExitCode.DONE if dry_run else code_of(ended)
    message = words_of_rehearsal(ended) if dry_run else words(settings, ended)
    click.echo(as_json_text(settings, ended, code) if as_json else message)
    if (failure := output_failure()) is not None:
        click.echo(f"klarna-om: this summary could not be written ({failure.strerror}):\n{message}", err=True)
    if ended.error is not None:
        _fail(advice_on(ended, ended.error), code)
    sys.exit(code.value)


def _fail(sentence: str, code: ExitCode) -> NoReturn:
    click.echo(f"klarna-om: {sentence}", err=True)
    sys.exit(code.value)


def _run(settings: Settings, *, dry_run: bool) -> Ended:
    with _manifest(settings) as lines, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_rehearse(settings, lines) if dry_run else _acknowledge(settings, lines))


@contextmanager
def _manifest(settings: Settings) -> Generator[Iterator[Entry], None, None]:
    """The manifest's lines. A pipe is read to its end before the job begins: Ctrl-C ends the wait for it."""
    if settings.manifest != "-":
        with reading(Path(settings.manifest), settings.column) as lines:
            yield with_orders(lines)
        return
    with text_of(sys.stdin.buffer) as text:
        yield with_orders(entries(text, settings.column))


async def _rehearse(settings: Settings, lines: Iterator[Entry]) -> Ended:
    async with SqliteJournal.rehearsal(settings.journal) as journal:
        await check_report(journal, settings.report)
        await journal.load(in_chunks(lines))
        return Ended(journal.identity.job_id, await journal.counts())


async def _acknowledge(settings: Settings, lines: Iterator[Entry]) -> Ended:
    async with (
        KlarnaClient(in_flight=settings.in_flight, rate=settings.rate, **connection_arguments()) as client,
        SqliteJournal.open(settings.journal) as journal,
    ):
        await check_report(journal, settings.report)
        await journal.bind(client.environment.base_url)
        job = Attended(
            journal=journal,
            send=acknowledging(client),
            report=settings.report,
            in_flight=settings.in_flight,
            on_expired=settings.on_expired,
            keep_going=settings.keep_going,
            target=client.environment.base_url,
            shown=lambda: shown(sys.stderr),
            on_stopping=_say_stopping,
        )
        return await job.run(in_chunks(lines))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop
    return new_event_loop


def _say_stopping() -> None:
    click.echo("\nEnding what is under way; Ctrl-C again stops at once. Nothing is lost.", err=True)

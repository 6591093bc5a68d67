"""How a command that runs a job ends: with its summary, or with what kept it from having one."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.journal import JournalError
from klarna_om.batch.report import ReportError
from klarna_om.cli.batch_options import Settings
from klarna_om.cli.error_text import error_text
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.run import RunResult
from klarna_om.cli.summary import dry_run_text, exit_code_for, summary_json, summary_text
from klarna_om.cli.terminal import output_failure
from klarna_om.errors import ConfigurationError

T = TypeVar("T")

UNUSABLE = (ManifestError, JournalError, ReportError, ConfigurationError, OSError, ImportError)
"""What keeps a job from running at all; the last is a package that is missing."""


def guard(run: Callable[[], T], *, source: object, journal: Path | None = None) -> T:
    """The result of a run; where there is none, say what is wrong, and exit."""
    try:
        return run()
    except UNUSABLE as reason:
        _fail(*explain_unusable(reason, source))
    except KeyboardInterrupt:
        if journal is None or not journal.exists():
            _fail("interrupted; nothing was sent", ExitCode.INTERRUPTED)
        _fail("stopped; run the same command again to continue", ExitCode.STOPPED)


def explain_unusable(reason: Exception, source: object) -> tuple[str, ExitCode]:
    """What is wrong, and the exit code, where a job could not run."""
    if isinstance(reason, ConfigurationError):
        return with_option_names(str(reason)), ExitCode.CREDENTIALS_OR_HOST
    if isinstance(reason, OSError):
        return f"{reason.filename or source}: {reason.strerror or reason}", ExitCode.USAGE
    return str(reason), ExitCode.USAGE


def _fail(message: str, code: ExitCode) -> NoReturn:
    click.echo(f"klarna-om: {message}", err=True)
    sys.exit(code.value)


def end(settings: Settings, result: RunResult, *, dry_run: bool, as_json: bool) -> NoReturn:
    """Show the result, and exit with its code."""
    code = ExitCode.DONE if dry_run else exit_code_for(result)
    message = dry_run_text(settings, result) if dry_run else summary_text(settings, result)
    if result.error is not None:
        click.echo(f"klarna-om: {error_text(result, result.error)}", err=True)
    show_and_exit(summary_json(settings, result, code) if as_json else message, message, code)


def show_and_exit(output: str, message: str, code: ExitCode) -> NoReturn:
    """Print the output; where that fails, the message goes to standard error."""
    click.echo(output)
    if (failure := output_failure()) is not None:
        click.echo(f"klarna-om: this summary could not be written ({failure.strerror}):\n{message}", err=True)
    sys.exit(code.value)

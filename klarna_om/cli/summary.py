"""The result of `klarna-om acknowledge`: as text, as JSON, and as exit code."""

from pathlib import Path

import msgspec
from attrs import asdict, frozen

from klarna_om.batch.fatal_errors import BatchStopped
from klarna_om.batch.journal import JournalError
from klarna_om.batch.states import OnExpired
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.run import Failure, RunResult
from klarna_om.errors import KlarnaError


@frozen(kw_only=True)
class Settings:
    """The parsed command line."""

    manifest: str
    column: str
    journal: Path
    report: Path
    rate: float | None
    in_flight: int
    on_expired: OnExpired
    keep_going: bool


def exit_code_for(result: RunResult) -> ExitCode:
    """The exit code for a result."""
    totals = result.totals
    if isinstance(result.error, KlarnaError):
        return ExitCode.CREDENTIALS_OR_HOST
    if result.error is not None or result.is_cancelled or totals.pending:
        return ExitCode.STOPPED
    return ExitCode.INCOMPLETE if totals.refused or totals.unknown or totals.malformed else ExitCode.DONE


def error_text(result: RunResult, error: Failure) -> str:
    """The error that stopped the run, and what to do about it."""
    if not isinstance(error, KlarnaError):
        return str(error)
    progress = f"after {result.totals.done} of {result.totals.orders} orders were done"
    if isinstance(error, BatchStopped):  # its message contains the cause and the advice
        return f"stopped {progress}: {error}"
    return (
        f"stopped: credentials or host, {progress}. {error}. Check KLARNA_OM_ENVIRONMENT and the credentials, then run"
        " the same command again; what was not sent is still pending"
    )


def summary_text(settings: Settings, result: RunResult) -> str:
    """The summary for a person."""
    message = f"{result.totals.lines} lines: {result.totals}"
    if result.has_report:
        message += f"\nReport: {settings.report}"
    # The error names the journal that failed, and what to do about it.
    is_complete = result.totals.settled == result.totals.orders and not result.is_cancelled
    if is_complete or isinstance(result.error, JournalError):
        return message
    return f"{message}\nJournal: {settings.journal}; run the same command again to continue."


def dry_run_text(result: RunResult) -> str:
    """The summary of `--dry-run`."""
    totals = result.totals
    return f"{totals.lines} lines: {totals}\n{totals.pending + totals.unknown} orders would be sent."


def summary_json(settings: Settings, result: RunResult, code: ExitCode) -> str:
    """The summary for a program."""
    summary = {
        "job": result.summary.job_id,
        "exit_code": code.value,
        "lines": result.totals.lines,
        **asdict(result.totals),
        "settled_now": result.summary.settled_now,
        "elapsed_seconds": round(result.summary.elapsed, 3),
        "journal": _text(settings.journal),
        "report": _text(settings.report) if result.has_report else None,
        "stopped_by": None if result.error is None else _text(result.error),
    }
    return msgspec.json.encode(summary).decode()


def _text(value: object) -> str:
    """File names need not be UTF-8, and JSON must be."""
    return str(value).encode("utf-8", "replace").decode()

"""How a run of `klarna-om acknowledge` is told at its end: in words, as JSON, and by its exit code."""

from pathlib import Path

import msgspec
from attrs import asdict, frozen

from klarna_om.batch.attended import Ended, Failure
from klarna_om.batch.fatal_errors import BatchStopped
from klarna_om.batch.journal import JournalError
from klarna_om.batch.states import OnExpired
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.errors import KlarnaError


@frozen
class Settings:
    """The command line, understood."""

    manifest: str
    column: str
    journal: Path
    report: Path
    rate: float | None
    in_flight: int
    on_expired: OnExpired
    keep_going: bool = False


def code_of(ended: Ended) -> ExitCode:
    """The exit code that tells how the run ended."""
    totals = ended.totals
    if isinstance(ended.error, KlarnaError):
        return ExitCode.NOTHING_SENT
    if ended.error is not None or ended.is_cut or totals.pending:
        return ExitCode.STOPPED
    return ExitCode.INCOMPLETE if totals.refused or totals.unknown or totals.malformed else ExitCode.DONE


def advice_on(ended: Ended, error: Failure) -> str:
    """What to do about an error that ended the run."""
    if not isinstance(error, KlarnaError):
        return str(error)
    message = (
        f"stopped: credentials or host, after {ended.totals.done} of {ended.totals.orders} orders were done. {error}"
    )
    if isinstance(error, BatchStopped):  # it says itself what to do
        return message
    return (
        f"{message}. Check KLARNA_OM_ENVIRONMENT and the credentials, then run the same command again; what was not"
        " sent is still to be done"
    )


def words(settings: Settings, ended: Ended) -> str:
    """The summary for a person."""
    message = f"{ended.totals.lines} lines: {ended.totals}"
    if ended.has_report:
        message += f"\nReport: {settings.report}"
    # What became of a journal that failed, and what to do about it, is in the error.
    is_through = ended.totals.settled == ended.totals.orders and not ended.is_cut
    if is_through or isinstance(ended.error, JournalError):
        return message
    return f"{message}\nJournal: {settings.journal}; run the same command again to go on."


def words_of_rehearsal(ended: Ended) -> str:
    """What `--dry-run` tells."""
    totals = ended.totals
    return f"{totals.lines} lines: {totals}\n{totals.pending + totals.unknown} orders would be sent."


def as_json_text(settings: Settings, ended: Ended, code: ExitCode) -> str:
    """The summary for a program."""
    summary = {
        "job": ended.job_id,
        "exit_code": code.value,
        "lines": ended.totals.lines,
        **asdict(ended.totals),
        "settled_now": ended.settled_now,
        "elapsed_seconds": round(ended.elapsed, 3),
        "journal": _text(settings.journal),
        "report": _text(settings.report) if ended.has_report else None,
        "stopped_by": None if ended.error is None else _text(ended.error),
    }
    return msgspec.json.encode(summary).decode()


def _text(value: object) -> str:
    """A name that is no UTF-8 is still a name of a file, and no JSON."""
    return str(value).encode("utf-8", "replace").decode()

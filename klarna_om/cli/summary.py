"""How a run of `klarna-om acknowledge` is told at its end: in words, as JSON, and by its exit code."""

from pathlib import Path

import msgspec
from attrs import asdict, frozen

from klarna_om.batch.attended import Ended, Failure
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


def advice_on(error: Failure) -> str:
    """What to do about an error that ended the run."""
    if not isinstance(error, KlarnaError):
        return str(error)
    return (
        f"stopped: {error}. Check KLARNA_OM_ENVIRONMENT and the credentials, then run the same command again;"
        " what was not sent is still to be done"
    )


def words(settings: Settings, ended: Ended) -> str:
    """The summary for a person."""
    told = f"{ended.totals.lines} lines: {ended.totals}\nReport: {settings.report}"
    if ended.totals.settled == ended.totals.orders and not ended.is_cut:
        return told
    return f"{told}\nJournal: {settings.journal}; run the same command again to go on."


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
        "journal": str(settings.journal),
        "report": str(settings.report),
        "stopped_by": None if ended.error is None else str(ended.error),
    }
    return msgspec.json.encode(summary).decode()

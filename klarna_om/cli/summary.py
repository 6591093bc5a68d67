"""The result of a job: as text, as JSON, and as exit code."""

from collections.abc import Iterator

import msgspec
from attrs import asdict

from klarna_om.batch.journal import JournalError
from klarna_om.cli.batch_options import Settings
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.run import RunResult
from klarna_om.cli.verify_text import verification_json, verification_text
from klarna_om.errors import KlarnaError


def exit_code_for(result: RunResult) -> ExitCode:
    """The exit code for a result."""
    totals = result.totals
    if isinstance(result.error, KlarnaError):
        return ExitCode.CREDENTIALS_OR_HOST
    is_stopped = bool(result.summary.stopped_by) and not result.summary.is_complete
    verification = result.verification
    is_stopped = is_stopped or (verification is not None and bool(verification.stopped_by))
    if result.error is not None or result.is_cancelled or totals.pending or is_stopped:
        return ExitCode.STOPPED
    is_confirmed = verification is None or verification.is_confirmed
    return (
        ExitCode.INCOMPLETE
        if totals.refused or totals.unknown or totals.escalated or totals.unusable or not is_confirmed
        else ExitCode.DONE
    )


def summary_text(settings: Settings, result: RunResult) -> str:
    """The summary for a person."""
    lines = [f"{result.totals.lines} lines: {result.totals}"]
    lines.append(_nothing_to_do(settings, result) if result.had_nothing_to_do else _speed(settings, result))
    if result.error is None and result.summary.stopped_by and not result.summary.is_complete:
        lines.append(f"Stopped: {result.summary.stopped_by}")
    lines += [*_files(settings, result), *_open_rows(settings, result), *_verification(settings, result)]
    # The error names the journal that failed, and what to do about it.
    is_complete = result.totals.settled == result.totals.orders and not result.is_cancelled
    if not is_complete and not isinstance(result.error, JournalError):
        advice = "; run the same command again to continue." if result.error is None else ""
        lines.append(f"Journal: {settings.journal}{advice}")
    return "\n".join(lines)


def _files(settings: Settings, result: RunResult) -> Iterator[str]:
    """What was written."""
    if result.has_report:
        yield f"Report: {settings.report}"
        if settings.html is not None:
            yield f"Page: {settings.html}"


def _open_rows(settings: Settings, result: RunResult) -> Iterator[str]:
    """What becomes of the rows that nobody knows."""
    if result.summary.due is not None:
        yield (
            f"{result.totals.unknown} unknown {settings.noun} are tried again by the same command; Klarna asks to wait"
            f" until {result.summary.due:%Y-%m-%d %H:%M} UTC."
        )
    if result.totals.escalated:
        yield f"{result.totals.escalated} escalated {settings.noun} need a person: see the report"


def _verification(settings: Settings, result: RunResult) -> Iterator[str]:
    """What the orders show, or why they were not read."""
    if result.verification is not None:
        yield verification_text(result.verification, settings.journal)
    elif settings.verify is not None and result.error is None:
        yield f"Not verified, as the run was stopped; later: klarna-om journal verify {settings.journal}"


def _speed(settings: Settings, result: RunResult) -> str:
    summary = result.summary
    rate = f", {summary.rate:.3g}/s" if summary.settled_now and summary.elapsed >= 1 else ""
    return f"{summary.settled_now} {settings.noun} settled in {summary.elapsed:.1f} s{rate}"


def _nothing_to_do(settings: Settings, result: RunResult) -> str:
    state = "as done" if result.totals.done == result.totals.orders else "settled"
    since = f" since {result.settled_at:%Y-%m-%d %H:%M:%S} UTC" if result.settled_at else ""
    return (
        f"nothing to do: the journal {settings.journal} has all {result.totals.orders} {settings.noun} {state}{since}."
        " Another job, also for new orders of a sandbox with the same ids, needs another journal (--journal FILE)"
    )


def dry_run_text(settings: Settings, result: RunResult) -> str:
    """The summary of `--dry-run`, with what is wrong in the manifest."""
    totals = result.totals
    lines = [f"line {line.line}: {line.detail}" for line in result.problems]
    if (more := totals.unusable - len(lines)) > 0:
        lines.append(f"... and {more} more")
    lines.append(f"{totals.lines} lines: {totals}")
    lines.append(f"{totals.pending + totals.unknown} {settings.noun} would be sent.")
    return "\n".join(lines)


def summary_json(settings: Settings, result: RunResult, code: ExitCode) -> str:
    """The summary for a program."""
    return msgspec.json.encode(summary_fields(settings, result, code)).decode()


def summary_fields(settings: Settings, result: RunResult, code: ExitCode) -> dict[str, object]:
    """What the summary for a program has."""
    return {
        "job": result.summary.job_id,
        "exit_code": code.value,
        "lines": result.totals.lines,
        **asdict(result.totals),
        "settled_now": result.summary.settled_now,
        "elapsed_seconds": round(result.summary.elapsed, 3),
        "journal": _text(settings.journal),
        "report": _text(settings.report) if result.has_report else None,
        "html": _text(settings.html) if result.has_report and settings.html is not None else None,
        "stopped_by": _text(result.error or result.summary.stopped_by) or None,
        "verification": result.verification and verification_json(result.verification),
    }


def _text(value: object) -> str:
    """File names need not be UTF-8, and JSON must be."""
    return str(value).encode("utf-8", "replace").decode()

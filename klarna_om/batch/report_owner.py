"""Which job does a report belong to? Each of its lines has the job's id, and another job's is never replaced."""

import csv
from pathlib import Path

from klarna_om.batch.journal import Journal
from klarna_om.batch.output_file import find_problem
from klarna_om.batch.report import COLUMNS, JOB, ReportError
from klarna_om.batch.threads import run_in_thread


async def check_report(journal: Journal, path: Path) -> None:
    """Raise `ReportError` unless the journal's report may be written to this path."""
    if (problem := find_problem(path)) is not None:
        raise ReportError(f"the report cannot be written: {problem}")
    job_id = await run_in_thread(lambda: _job_of(path))
    if job_id not in (None, journal.identity.job_id):
        raise _not_ours(path)


def _job_of(path: Path) -> str | None:
    """The job whose report it is; None where the file is missing, or has no line yet."""
    if not path.exists() or not path.stat().st_size:
        return None
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(file)
        try:
            if tuple(next(rows, ()))[: len(COLUMNS)] != COLUMNS:
                raise _not_ours(path)
            first = next(rows, None)
            return None if first is None else first[COLUMNS.index(JOB)]
        except (csv.Error, IndexError) as reason:
            raise _not_ours(path) from reason


def _not_ours(path: Path) -> ReportError:
    return ReportError(
        f"{path} exists and is not the report of this job: move it away, or name another file with --report"
    )

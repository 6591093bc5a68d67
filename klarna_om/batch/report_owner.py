"""Which job does a report belong to? Each of its lines, and the page, has the job's id: another's is never replaced."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from klarna_om.batch.journal import Journal
from klarna_om.batch.output_file import find_problem
from klarna_om.batch.report import ReportError, form_of
from klarna_om.batch.report_lines import COLUMNS, JOB
from klarna_om.batch.threads import run_in_thread

PAGE_START = 2_000
"""Characters of a page within which it names its job."""

_page_of = re.compile('<meta name="klarna-om-job" content="([^"]+)">')


async def check_report(journal: Journal, path: Path) -> None:
    """Raise `ReportError` unless the journal's report may be written to this path."""
    read = _job_of_jsonl if form_of(path) == "jsonl" else _job_of_csv
    await _check(journal, path, read, "report")


async def check_page(journal: Journal, path: Path) -> None:
    """Raise `ReportError` unless the page about this job may be written to this path."""
    await _check(journal, path, _job_of_page, "html")


async def _check(journal: Journal, path: Path, read: Callable[[IO[str]], str | None], option: str) -> None:
    if (problem := find_problem(path)) is not None:
        raise ReportError(f"the report cannot be written: {problem}")
    try:
        job_id = await run_in_thread(lambda: _job_of(path, read))
    except (csv.Error, IndexError, KeyError, msgspec.MsgspecError) as reason:
        raise _not_ours(path, option) from reason
    if job_id not in (None, journal.identity.job_id):
        raise _not_ours(path, option)


def _job_of(path: Path, read: Callable[[IO[str]], str | None]) -> str | None:
    """The job whose report it is; None where the file is missing, or has no line yet."""
    if not path.exists() or not path.stat().st_size:
        return None
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        return read(file)


def _job_of_page(file: IO[str]) -> str:
    found = _page_of.search(file.read(PAGE_START))
    if found is None:
        raise KeyError(JOB)
    return found[1]


def _job_of_jsonl(file: IO[str]) -> str:
    return str(msgspec.json.decode(file.readline(), type=dict[str, object])[JOB])


def _job_of_csv(file: IO[str]) -> str | None:
    rows = csv.reader(file)
    if tuple(next(rows, ()))[: len(COLUMNS)] != COLUMNS:
        raise KeyError(JOB)
    first = next(rows, None)
    return None if first is None else first[COLUMNS.index(JOB)]


def _not_ours(path: Path, option: str) -> ReportError:
    return ReportError(
        f"{path} exists and is not the report of this job: move it away, or name another file with --{option}"
    )

"""The report: every line of the manifest exactly once, as CSV, or as JSON lines where the file is named `.jsonl`."""

import errno
import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO
from uuid import uuid4

from klarna_om.batch.journal import JournalReader, Line
from klarna_om.batch.output_file import find_problem, sync_directory
from klarna_om.batch.report_lines import FORMS
from klarna_om.batch.threads import run_in_thread

PAGE = 5_000
"""Lines that are read at once."""


class ReportError(Exception):
    """The report cannot be written; the journal is complete."""


async def write_report(journal: JournalReader, path: str | Path) -> None:
    """Write the report; an older one is replaced, in one step, when the new one is complete.

    Raises `OSError`, also for a path that is not a regular file.
    """
    names = await journal.column_names()
    draft = await run_in_thread(lambda: _Draft(Path(path), journal.identity.job_id, names))
    try:
        after = 0
        while lines := await journal.report_lines(after, PAGE):
            after = lines[-1].line
            await run_in_thread(partial(draft.add, lines))
        await run_in_thread(draft.publish)
    except BaseException:
        await run_in_thread(draft.discard)
        raise


async def write_lines(journal: JournalReader, file: IO[str], form: str) -> None:
    """Write what a report has to a file that is open, in one of `FORMS`."""
    written = FORMS[form](file, journal.identity.job_id, await journal.column_names())
    after = 0
    while lines := await journal.report_lines(after, PAGE):
        after = lines[-1].line
        written.add(lines)


def form_of(path: Path) -> str:
    """The form of a report, by its name."""
    return "jsonl" if path.suffix.lower() in (".jsonl", ".ndjson") else "csv"


class _Draft:
    """A report that is not complete yet, under a temporary name."""

    def __init__(self, target: Path, job_id: str, names: Sequence[str]) -> None:
        _check_target(target)
        self._target = target
        self._path = target.with_name(f".klarna-om.{uuid4().hex}.tmp")
        self._file = self._path.open("x", newline="", encoding="utf-8")
        self._lines = FORMS[form_of(target)](self._file, job_id, names)

    def add(self, lines: Iterable[Line]) -> None:
        """Write some more lines."""
        self._lines.add(lines)

    def publish(self) -> None:
        """Put it in its place, complete and on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        _check_target(self._target)
        self._path.replace(self._target)
        sync_directory(self._target)

    def discard(self) -> None:
        """Leave nothing of it."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def _check_target(target: Path) -> None:
    if (problem := find_problem(target)) is not None:
        raise FileExistsError(errno.EEXIST, problem)

"""The report: every line of the manifest exactly once, as CSV."""

import csv
import errno
import os
from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from uuid import uuid4

import msgspec
from attrs import fields

from klarna_om.batch.journal import Journal, Line
from klarna_om.batch.output_file import find_problem, sync_directory
from klarna_om.batch.threads import run_in_thread

PAGE = 5_000

JOB = "job"
"""The column with the job's id, by which a report is known as its own."""

_FACTS = tuple(attribute.name for attribute in fields(Line) if attribute.name != "columns")

COLUMNS = (*_FACTS, JOB)
"""The columns of every report; the manifest's other columns follow them."""

_facts = attrgetter(*_FACTS)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ReportError(Exception):
    """The report cannot be written; the journal is complete."""


async def write_report(journal: Journal, path: str | Path) -> None:
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


class _Draft:
    """A report that is not complete yet, under a temporary name."""

    def __init__(self, target: Path, job_id: str, names: Sequence[str]) -> None:
        _check_target(target)
        self._target = target
        self._job_id = job_id
        self._names = names
        self._path = target.with_name(f".klarna-om.{uuid4().hex}.tmp")
        self._file = self._path.open("x", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file, lineterminator="\n")
        own = (f"manifest.{name}" if name in COLUMNS else name for name in names)
        self._rows.writerow((*COLUMNS, *map(_escape_formula, own)))

    def add(self, lines: Iterable[Line]) -> None:
        self._rows.writerows(map(_escape_formula, self._values(line)) for line in lines)

    def _values(self, line: Line) -> tuple[object, ...]:
        return (*_facts(line), self._job_id, *(_text(line.columns.get(name)) for name in self._names))

    def publish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        _check_target(self._target)
        self._path.replace(self._target)
        sync_directory(self._target)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def _text(value: object) -> object:
    """A value of JSON as a cell."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _check_target(target: Path) -> None:
    if (problem := find_problem(target)) is not None:
        raise FileExistsError(errno.EEXIST, problem)


def _escape_formula(value: object) -> object:
    """Put an apostrophe before a string that a spreadsheet would read as a formula, as spreadsheets do themselves."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

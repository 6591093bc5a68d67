"""The report: every line of the manifest exactly once, as CSV."""

import csv
import errno
import os
from collections.abc import Iterable
from functools import partial
from operator import attrgetter
from pathlib import Path
from uuid import uuid4

from attrs import fields

from klarna_om.batch.journal import Journal, Line
from klarna_om.batch.output_file import find_problem, sync_directory
from klarna_om.batch.threads import run_in_thread

PAGE = 5_000

COLUMNS = tuple(attribute.name for attribute in fields(Line))

_values = attrgetter(*COLUMNS)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ReportError(Exception):
    """The report cannot be written; the journal is complete."""


async def write_report(journal: Journal, path: str | Path) -> None:
    """Write the report; an older one is replaced, in one step, when the new one is complete.

    Raises `OSError`, also for a path that is not a regular file.
    """
    draft = await run_in_thread(lambda: _Draft(Path(path)))
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

    def __init__(self, target: Path) -> None:
        _check_target(target)
        self._target = target
        self._path = target.with_name(f".klarna-om.{uuid4().hex}.tmp")
        self._file = self._path.open("x", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def add(self, lines: Iterable[Line]) -> None:
        self._rows.writerows(map(_escape_formula, _values(line)) for line in lines)

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


def _check_target(target: Path) -> None:
    if (problem := find_problem(target)) is not None:
        raise FileExistsError(errno.EEXIST, problem)


def _escape_formula(value: object) -> object:
    """Put an apostrophe before a string that a spreadsheet would read as a formula, as spreadsheets do themselves."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

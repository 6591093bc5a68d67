"""The lines of a report, as CSV or as JSON, one line for each line of the manifest."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import IO, Protocol

import msgspec
from attrs import fields

from klarna_om.batch.journal import Line

JOB = "job"
"""The column with the job's id, by which a report is known as its own."""

_FACTS = tuple(attribute.name for attribute in fields(Line) if attribute.name not in ("columns", "body"))

COLUMNS = (*_FACTS, JOB)
"""The columns of every report; the manifest's other columns follow them."""

_facts = attrgetter(*_FACTS)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ReportLines(Protocol):
    """Writes lines to a file of text."""

    def add(self, lines: Iterable[Line]) -> None:
        """Write some more."""
        ...


class CsvLines:
    """A header, then a record for each line. What a spreadsheet would take for a formula is escaped."""

    def __init__(self, file: IO[str], job_id: str, names: Sequence[str]) -> None:
        self._job_id = job_id
        self._names = names
        self._rows = csv.writer(file, lineterminator="\n")
        own = (f"manifest.{name}" if name in COLUMNS else name for name in names)
        self._rows.writerow((*COLUMNS, *map(_escape_formula, own)))

    def add(self, lines: Iterable[Line]) -> None:
        """Write some more."""
        self._rows.writerows(map(_escape_formula, self._values(line)) for line in lines)

    def _values(self, line: Line) -> tuple[object, ...]:
        return (*_facts(line), self._job_id, *(_text(line.columns.get(name)) for name in self._names))


class JsonLines:
    """An object for each line, with the manifest's other columns in `columns`."""

    def __init__(self, file: IO[str], job_id: str, _: Sequence[str]) -> None:
        self._file = file
        self._job_id = job_id
        self._encode = msgspec.json.Encoder().encode

    def add(self, lines: Iterable[Line]) -> None:
        """Write some more."""
        self._file.writelines(f"{self._encode(self._object(line)).decode()}\n" for line in lines)

    def _object(self, line: Line) -> dict[str, object]:
        return {**dict(zip(_FACTS, _facts(line), strict=True)), JOB: self._job_id, "columns": dict(line.columns)}


FORMS: Mapping[str, type[CsvLines] | type[JsonLines]] = {"csv": CsvLines, "jsonl": JsonLines}


def _text(value: object) -> object:
    """A value of JSON as a cell."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _escape_formula(value: object) -> object:
    """Put an apostrophe before a string that a spreadsheet would read as a formula, as spreadsheets do themselves."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

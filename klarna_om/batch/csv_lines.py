"""CSV reading in which a stray quote makes one line malformed, not the rest of the file.

`csv.reader` over a file reads everything up to the next quote as one cell, so one quote too many hides lines, and their
orders would be missing from the report. Here a record may span several lines only if it then has as many cells as the
header, and none of the further lines has an order id as a cell; otherwise only its first line is malformed, and reading
continues with the next.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator

from attrs import frozen

from klarna_om.batch.entry import clean, parse_order_id
from klarna_om.ids import is_uuid

DELIMITERS = (",", ";", "\t", "|")

MAX_RECORD_LINES = 50
"""Lines that one quoted cell may span."""

MAX_NAMES_SHOWN, MAX_NAME_LENGTH = 30, 60
"""Columns, and characters of each, that a message shows: any file's first line may be read as a header."""

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\t ]*', re.IGNORECASE)


class ManifestError(ValueError):
    """The whole manifest cannot be read; the message explains what to change."""


@frozen
class Header:
    """The parsed first line of a CSV."""

    names: tuple[str, ...]
    delimiter: str
    position: int
    """The column of the order id, from 0."""


def unique_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """A name for each column, of which there is one: no cell is lost to another one's, or for want of a name."""
    found: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        found[name if name and name not in found else f"{name or 'column'} ({number})"] = None
    return tuple(found)


@frozen
class BadRecord:
    """A line that is not a record."""

    text: str
    reason: str


def declared_delimiter(line: str) -> str | None:
    """The delimiter that a line such as `sep=;` declares, as Excel writes it; None for any other line."""
    found = _SEPARATOR_LINE.fullmatch(line.strip("\r\n "))
    return None if found is None else found[1]


def parse_header(line: str, column: str, *, required: bool = False, delimiter: str | None = None) -> Header | None:
    """The header, if one of the delimiters yields the column; else None, or `ManifestError` if it is required."""
    line = line.strip("\r\n")
    delimiters = DELIMITERS if delimiter is None else (delimiter,)
    readings = [(each, _names(line, each, strict=True)) for each in delimiters]
    if any(names.count(column) > 1 for _, names in readings):
        raise ManifestError(f"the manifest has more than one column {column!r}; rename all but one")
    found = [Header(names, each, names.index(column)) for each, names in readings if column in names]
    if found:
        return max(found, key=lambda header: len(header.names))
    if required:
        raise _no_column(line, column, delimiters)
    return None


def _no_column(line: str, column: str, delimiters: tuple[str, ...]) -> ManifestError:
    names = max((_names(line, each, strict=False) for each in delimiters), key=len)
    listed = ", ".join(repr(name[:MAX_NAME_LENGTH]) for name in names[:MAX_NAMES_SHOWN])
    listed += ", ..." if len(names) > MAX_NAMES_SHOWN else ""
    if any(map(is_uuid, names)):
        return ManifestError(
            f"the manifest has no header: its first line is {listed}. Add a line that names the columns"
        )
    if column in names:
        return ManifestError(
            f"the manifest's header is not valid CSV: there is text between a quote and the next delimiter. Its"
            f" columns seem to be: {listed}. Remove what is outside the quotes, or save the file as CSV again"
        )
    return ManifestError(f"the manifest has no column {column!r}; it has: {listed}. Choose one with --column")


def _names(line: str, delimiter: str, *, strict: bool) -> tuple[str, ...]:
    cells = _parse_record([line], delimiter, strict=strict)
    return tuple(clean(cell) for cell in cells or ())


def read_records(lines: Iterator[tuple[int, str]], header: Header) -> Iterator[tuple[int, list[str] | BadRecord]]:
    """Each record's first line number with its cells, or with the line itself where it cannot be read."""
    pushed_back: deque[tuple[int, str]] = deque()

    def next_line() -> tuple[int, str] | None:
        return pushed_back.popleft() if pushed_back else next(lines, None)

    while (start := next_line()) is not None:
        number, text = start
        # Without a quote there is nothing to parse, and this is ten times as fast.
        cells = _parse_record([text], header.delimiter) if '"' in text else text.rstrip("\n").split(header.delimiter)
        further: list[tuple[int, str]] = []
        while cells is None and len(further) < MAX_RECORD_LINES and (more := next_line()) is not None:
            further.append(more)
            cells = _parse_record([text, *(line for _, line in further)], header.delimiter)
        bad = _problem(text, cells, further, header)
        if bad is not None:
            pushed_back.extendleft(reversed(further))
        yield number, bad or cells or []


def _problem(text: str, cells: list[str] | None, further: list[tuple[int, str]], header: Header) -> BadRecord | None:
    """Why these lines are not one record."""
    if cells is None or (further and len(cells) != len(header.names)):
        return BadRecord(text, "a quote is opened and not closed as CSV requires")
    for number, line in further:
        if any(parse_order_id(cell.strip(' "\n')) for cell in line.split(header.delimiter)):
            return BadRecord(text, f"a quote is opened and not closed before line {number}, which has its own order id")
    return None


def _parse_record(lines: list[str], delimiter: str, *, strict: bool = True) -> list[str] | None:
    """The cells of the one record that these lines are; None where they are not exactly one."""
    try:
        found = list(csv.reader(lines, delimiter=delimiter, strict=strict))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None

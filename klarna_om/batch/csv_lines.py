"""CSV read so that a stray quote spoils one line and not the rest of the file.

`csv.reader` over a file takes everything up to the next quote as one cell, so one quote too many swallows lines, and
their orders would be missing from the report. Here a record may go over several lines only if it then has as many cells
as the header, and none of the further lines has an order id as a cell; otherwise its first line alone is given up and
reading goes on with the next.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator

from attrs import frozen

from klarna_om.batch.entry import clean, is_order_id

DELIMITERS = (",", ";", "\t", "|")

LONGEST_RECORD = 50
"""Lines over which one quoted cell may reach."""

SHOWN_NAMES, SHOWN_OF_NAME = 30, 60
"""Columns, and characters of each, that a message shows: the first line of any file may be taken for a header."""

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\t ]*', re.IGNORECASE)


class ManifestError(ValueError):
    """The manifest as a whole cannot be read; the message says what to change."""


@frozen
class Header:
    """The first line of a CSV, understood."""

    names: tuple[str, ...]
    delimiter: str
    position: int
    """Where the order id stands, from 0."""


@frozen
class BadRecord:
    """A line that is no record of its own."""

    text: str
    reason: str


def separator_of(line: str) -> str | None:
    """The delimiter that a line such as `sep=;` declares, as Excel writes it; None for any other line."""
    found = _SEPARATOR_LINE.fullmatch(line.strip("\r\n "))
    return None if found is None else found[1]


def header_of(line: str, column: str, *, needed: bool = False, delimiter: str | None = None) -> Header | None:
    """The header, if the column is in it between one of the delimiters; None, or `ManifestError` if it is needed."""
    line = line.strip("\r\n")
    delimiters = DELIMITERS if delimiter is None else (delimiter,)
    readings = [(each, _names(line, each, strict=True)) for each in delimiters]
    if any(names.count(column) > 1 for _, names in readings):
        raise ManifestError(f"the manifest has more than one column {column!r}; rename all but one")
    found = [Header(names, each, names.index(column)) for each, names in readings if column in names]
    if found:
        return max(found, key=lambda header: len(header.names))
    if needed:
        raise _no_column(line, column, delimiters)
    return None


def _no_column(line: str, column: str, delimiters: tuple[str, ...]) -> ManifestError:
    names = max((_names(line, each, strict=False) for each in delimiters), key=len)
    listed = ", ".join(repr(name[:SHOWN_OF_NAME]) for name in names[:SHOWN_NAMES])
    listed += ", ..." if len(names) > SHOWN_NAMES else ""
    if any(map(is_order_id, names)):
        return ManifestError(
            f"the manifest has no header: its first line is {listed}. Add a line that names the columns"
        )
    if column in names:
        return ManifestError(
            f"the manifest's header is not valid CSV: something stands between a quote and the next delimiter. Its"
            f" columns seem to be: {listed}. Remove what is outside the quotes, or save the file as CSV again"
        )
    return ManifestError(f"the manifest has no column {column!r}; it has: {listed}. Choose one with --column")


def _names(line: str, delimiter: str, *, strict: bool) -> tuple[str, ...]:
    cells = _parsed([line], delimiter, strict=strict)
    return tuple(clean(cell) for cell in cells or ())


def records(lines: Iterator[tuple[int, str]], header: Header) -> Iterator[tuple[int, list[str] | BadRecord]]:
    """Each record's first line number with its cells, or with the line itself where it cannot be read."""
    put_back: deque[tuple[int, str]] = deque()

    def following() -> tuple[int, str] | None:
        return put_back.popleft() if put_back else next(lines, None)

    while (start := following()) is not None:
        number, text = start
        # Without a quote there is nothing to parse, and this is ten times as fast.
        cells = _parsed([text], header.delimiter) if '"' in text else text.rstrip("\n").split(header.delimiter)
        taken: list[tuple[int, str]] = []
        while cells is None and len(taken) < LONGEST_RECORD and (more := following()) is not None:
            taken.append(more)
            cells = _parsed([text, *(line for _, line in taken)], header.delimiter)
        bad = _problem(text, cells, taken, header)
        if bad is not None:
            put_back.extendleft(reversed(taken))
        yield number, bad or cells or []


def _problem(text: str, cells: list[str] | None, taken: list[tuple[int, str]], header: Header) -> BadRecord | None:
    """Why these lines are not one record."""
    if cells is None or (taken and len(cells) != len(header.names)):
        return BadRecord(text, "a quote is opened and not closed as CSV wants it")
    for number, line in taken:
        if any(is_order_id(clean(cell.strip(' "\n'))) for cell in line.split(header.delimiter)):
            return BadRecord(text, f"a quote is opened and reaches over line {number}, which has an order of its own")
    return None


def _parsed(lines: list[str], delimiter: str, *, strict: bool = True) -> list[str] | None:
    """The cells of the one record that these lines are; None where they are not exactly one."""
    try:
        found = list(csv.reader(lines, delimiter=delimiter, strict=strict))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None

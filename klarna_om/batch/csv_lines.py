"""CSV read so that a stray quote spoils one line and not the rest of the file.

`csv.reader` over a file takes everything up to the next quote as one cell, so one quote too many swallows lines, and
their orders would be missing from the report. Here a record may go over several lines only if it then has as many cells
as the header; otherwise its first line alone is given up and reading goes on with the next.
"""

import csv
from collections import deque
from collections.abc import Iterator

from attrs import frozen

DELIMITERS = (",", ";", "\t", "|")

LONGEST_RECORD = 50
"""Lines over which one quoted cell may reach."""


class ManifestError(ValueError):
    """The manifest as a whole cannot be read; the message says what to change."""


@frozen
class Header:
    """The first line of a CSV, understood."""

    names: tuple[str, ...]
    delimiter: str
    position: int
    """Where the order id stands, from 0."""


def header_of(line: str, column: str, *, needed: bool = False) -> Header | None:
    """The header, if the column is in it between one of the delimiters; None, or `ManifestError` if it is needed."""
    readings = {delimiter: _names(line, delimiter) for delimiter in DELIMITERS}
    for delimiter, names in readings.items():
        if names.count(column) == 1:
            return Header(names, delimiter, names.index(column))
        if column in names:
            raise ManifestError(f"the manifest has more than one column {column!r}; rename all but one")
    if not needed:
        return None
    names = max(readings.values(), key=len)
    raise ManifestError(
        f"the manifest has no column {column!r}; it has: {', '.join(map(repr, names))}. Choose one with --column"
    )


def _names(line: str, delimiter: str) -> tuple[str, ...]:
    cells = _parsed([line], delimiter)
    return tuple(cell.strip() for cell in cells or ())


def records(lines: Iterator[tuple[int, str]], header: Header) -> Iterator[tuple[int, list[str] | str]]:
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
        if taken and (cells is None or len(cells) != len(header.names)):
            put_back.extendleft(reversed(taken))
            cells = None
        yield number, text if cells is None else cells


def _parsed(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of the one record that these lines are; None where they are not exactly one."""
    try:
        found = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None

"""A manifest is a file of order ids: CSV, JSON or plain lines, recognised by its name and its first line.

- A first line that is an order id makes it plain lines, whatever the file is called.
- `.csv`, `.tsv`, or a first line that declares a delimiter (`sep=;`): CSV with a header, whatever its first cell.
- `.jsonl`, `.ndjson`, `.json`, or a first line that begins with `{` or `[` or is a JSON string: JSON, one string or
  object per line, or one array of them.
- A first line with the column's name between commas, semicolons, tabs or bars, or that begins with a quote: CSV.
- Anything else: plain lines.

UTF-8 with or without a byte order mark, UTF-16 and UTF-32; any line endings; a file or a pipe. A line that cannot be
used is not fatal: it becomes an entry with the reason. A blank line has no data at all; one with data and no order id
is malformed. A file that is not text, a CSV without the column and JSON of another shape are fatal, since then no line
can be used.
"""

import io
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO

from attrs import evolve

from klarna_om.batch.csv_lines import (
    BadRecord,
    Header,
    ManifestError,
    declared_delimiter,
    parse_header,
    read_records,
    unique_names,
)
from klarna_om.batch.entry import Entry, Problem, clean, lost_order_id, malformed_entry, parse_line
from klarna_om.batch.file_kinds import SAMPLE, detect_encoding
from klarna_om.batch.json_lines import is_json_string, parse_json_document, parse_json_lines
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.threads import run_in_thread

LINES_PER_READ = 10_000

_JSON_NAMES = (".jsonl", ".ndjson", ".json")
_CSV_NAMES = (".csv", ".tsv")


@contextmanager
def open_manifest(path: Path, parser: RowParser) -> Generator[Iterator[Entry], None, None]:
    """Open a manifest; raises `ManifestError` for a file that is none, `OSError` for one that cannot be read."""
    with path.open("rb") as file, decode_file(file) as lines:
        yield parse_manifest(lines, parser, path.suffix.lower())


@contextmanager
def decode_file(file: IO[bytes]) -> Generator[Iterator[str], None, None]:
    """Decode a file's lines; bytes that are not text make only their own cell malformed.

    A file that cannot be read twice, such as a pipe, is copied to a temporary file first.
    """
    if not file.seekable():
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            with decode_file(copy) as lines:
                yield lines
        return
    start = file.tell()
    encoding = detect_encoding(file.read(SAMPLE))
    file.seek(start)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace")
    try:
        yield text
    finally:
        text.detach()


def parse_manifest(lines: Iterator[str], parser: RowParser, suffix: str = "") -> Iterator[Entry]:
    """Parse every line of a manifest in order, without a CSV's header."""
    column = parser.columns.order_id
    top = _read_to_first_text(lines)
    first = top[-1].strip() if top else ""
    if not first or parse_line(1, _unquote(first, suffix)).order_id is not None:
        return _parse_plain(enumerate(chain(top, lines), 1), parser, suffix)
    if suffix not in _JSON_NAMES:
        if (delimiter := declared_delimiter(first)) is not None:
            return _parse_csv([*top, *_read_to_first_text(lines)], lines, parser, delimiter)
        if suffix in _CSV_NAMES or parse_header(top[-1], column) is not None:
            return _parse_csv(top, lines, parser)
    if suffix in _JSON_NAMES or first[0] in "{[" or is_json_string(first):
        return _parse_json(chain(top, lines), parser, is_document=suffix == ".json" or first[0] == "[")
    if first[0] == '"':
        return _parse_csv(top, lines, parser)
    return _parse_plain(enumerate(chain(top, lines), 1), parser, suffix)


def require_rows(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Return the same entries; raises `ManifestError` where none of them names an order."""
    read: list[Entry] = []
    for entry in entries:
        read.append(entry)
        if entry.order_id is not None:
            return chain(read, entries)
    bad = [entry for entry in read if entry.problem is Problem.MALFORMED]
    if not bad:
        raise ManifestError("the manifest names no order: it is empty, or has blank lines only")
    raise ManifestError(
        f"the manifest names no order: none of its {len(read)} lines can be used. Line {bad[0].line} is"
        f" {bad[0].text!r}: {bad[0].detail}"
    )


async def read_chunks(entries: Iterator[Entry]) -> AsyncIterator[list[Entry]]:
    """Read entries in lists, in a thread so that no event loop waits for a disk."""
    while chunk := await run_in_thread(lambda: list(islice(entries, LINES_PER_READ))):
        yield chunk


def _read_to_first_text(lines: Iterator[str]) -> list[str]:
    """Read the lines up to the first that is not blank."""
    head: list[str] = []
    for line in lines:
        head.append(line)
        if line.strip():
            break
    return head


def _unquote(line: str, suffix: str) -> str:
    """Remove quotes: in a CSV without a header the ids may have them."""
    return line.strip().strip('"') if suffix in _CSV_NAMES else line


def _parse_plain(lines: Iterator[tuple[int, str]], parser: RowParser, suffix: str) -> Iterator[Entry]:
    return (parser.parse_id(number, _unquote(line, suffix)) for number, line in lines)


def _parse_json(lines: Iterator[str], parser: RowParser, *, is_document: bool) -> Iterator[Entry]:
    if is_document:
        read = list(lines)
        found = parse_json_document("".join(read), parser)
        if found is not None:
            return found
        lines = iter(read)
    return parse_json_lines(enumerate(lines, 1), parser)


def _parse_csv(
    top: list[str], lines: Iterator[str], parser: RowParser, delimiter: str | None = None
) -> Iterator[Entry]:
    """`top` ends with the header; the blank lines above it are entries too."""
    if top[-1].lstrip().startswith(("{", "[")):
        raise ManifestError("the manifest looks like JSON and is named as CSV: name it .jsonl, or .json for an array")
    header = parse_header(top[-1], parser.columns.order_id, required=True, delimiter=delimiter)
    assert header is not None
    if (problem := parser.columns.problem(header.names)) is not None:
        raise ManifestError(f"the manifest {problem}")
    header = evolve(header, names=unique_names(header.names))
    above = [parse_line(number, "") for number, line in enumerate(top, 1) if not line.strip()]
    records = read_records(enumerate(lines, len(top) + 1), header)
    return chain(above, (_parse_cells(number, cells, header, parser) for number, cells in records))


def _parse_cells(number: int, cells: list[str] | BadRecord, header: Header, parser: RowParser) -> Entry:
    if isinstance(cells, BadRecord):
        return malformed_entry(number, cells.text, cells.reason)
    if not any(map(clean, cells)):
        return parse_line(number, "")
    if len(cells) <= header.position:
        width = len(header.names)
        return malformed_entry(number, " ".join(cells), f"{len(cells)} cells, where the header has {width}")
    if not clean(cells[header.position]):
        return lost_order_id(number, " ".join(cells))
    if len(header.names) == 1:
        return parser.parse_id(number, cells[0])
    return parser.parse_cells(number, header.names, cells)

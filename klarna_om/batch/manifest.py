"""A manifest is a file of order ids: CSV, JSON or plain lines, recognised by its name and its first line.

- A first line that is an order id makes it plain lines, whatever the file is called.
- `.csv`, `.tsv`, or a first line that declares a delimiter (`sep=;`): CSV with a header, whatever its first cell.
- `.jsonl`, `.ndjson`, `.json`, or a first line that begins with `{` or `[` or is a JSON string: JSON, one string or
  object a line, or one array of them.
- A first line with the column's name between commas, semicolons, tabs or bars, or one that begins with a quote: CSV.
- Anything else: plain lines.

UTF-8 with or without a byte order mark, UTF-16 and UTF-32; any line ends; a pipe as well as a file. Nothing in a line
is fatal: what cannot be used becomes an entry with its reason. What is no text at all, a CSV without the column and
JSON of another shape are, since then no line can be used.
"""

import io
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO

from klarna_om.batch.csv_lines import BadRecord, ManifestError, header_of, records, separator_of
from klarna_om.batch.entry import Entry, Problem, judged, malformed
from klarna_om.batch.file_kinds import SAMPLE, encoding_of
from klarna_om.batch.json_lines import document_entries, is_json_string, json_entries
from klarna_om.batch.threads import in_thread

READ_AT_ONCE = 10_000

_JSON_NAMES = (".jsonl", ".ndjson", ".json")
_CSV_NAMES = (".csv", ".tsv")


@contextmanager
def reading(path: Path, column: str) -> Generator[Iterator[Entry], None, None]:
    """Open a manifest; raises `ManifestError` for what is none, `OSError` for what cannot be read."""
    with path.open("rb") as file, text_of(file) as lines:
        yield entries(lines, column, path.suffix.lower())


@contextmanager
def text_of(file: IO[bytes]) -> Generator[Iterator[str], None, None]:
    """A file's lines as text; bytes that are no text spoil only the cell in which they stand.

    What cannot be read twice, such as a pipe, is copied to a temporary file first.
    """
    if not file.seekable():
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            with text_of(copy) as lines:
                yield lines
        return
    start = file.tell()
    encoding = encoding_of(file.read(SAMPLE))
    file.seek(start)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace")
    try:
        yield text
    finally:
        text.detach()


def entries(lines: Iterator[str], column: str = "order_id", suffix: str = "") -> Iterator[Entry]:
    """Every line of a manifest in order, without a CSV's header."""
    top = _up_to_text(lines)
    first = top[-1].strip() if top else ""
    if not first or judged(1, _unquoted(first, suffix)).order_id is not None:
        return _plain(enumerate(chain(top, lines), 1), suffix)
    if suffix not in _JSON_NAMES:
        if (delimiter := separator_of(first)) is not None:
            return _csv([*top, *_up_to_text(lines)], lines, column, delimiter)
        if suffix in _CSV_NAMES or header_of(top[-1], column) is not None:
            return _csv(top, lines, column)
    if suffix in _JSON_NAMES or first[0] in "{[" or is_json_string(first):
        return _json(chain(top, lines), column, is_document=suffix == ".json" or first[0] == "[")
    if first[0] == '"':
        return _csv(top, lines, column)
    return _plain(enumerate(chain(top, lines), 1), suffix)


def with_orders(read: Iterator[Entry]) -> Iterator[Entry]:
    """The same entries; raises `ManifestError` where not one of them names an order."""
    passed: list[Entry] = []
    for entry in read:
        passed.append(entry)
        if entry.order_id is not None:
            return chain(passed, read)
    bad = [entry for entry in passed if entry.problem is Problem.MALFORMED]
    if not bad:
        raise ManifestError("the manifest names no order: it is empty, or has blank lines only")
    raise ManifestError(
        f"the manifest names no order: none of its {len(passed)} lines can be used. Line {bad[0].line} is"
        f" {bad[0].text!r}: {bad[0].detail}"
    )


async def in_chunks(read: Iterator[Entry]) -> AsyncIterator[list[Entry]]:
    """Entries in lists, read in a thread so that no event loop waits for a disk."""
    while chunk := await in_thread(lambda: list(islice(read, READ_AT_ONCE))):
        yield chunk


def _up_to_text(lines: Iterator[str]) -> list[str]:
    """The lines up to the first that is not blank."""
    taken: list[str] = []
    for line in lines:
        taken.append(line)
        if line.strip():
            break
    return taken


def _unquoted(line: str, suffix: str) -> str:
    """In a CSV without a header the ids may be quoted."""
    return line.strip().strip('"') if suffix in _CSV_NAMES else line


def _plain(lines: Iterator[tuple[int, str]], suffix: str) -> Iterator[Entry]:
    return (judged(number, _unquoted(line, suffix)) for number, line in lines)


def _json(lines: Iterator[str], column: str, *, is_document: bool) -> Iterator[Entry]:
    if is_document:
        read = list(lines)
        found = document_entries("".join(read), column)
        if found is not None:
            return found
        lines = iter(read)
    return json_entries(enumerate(lines, 1), column)


def _csv(top: list[str], lines: Iterator[str], column: str, delimiter: str | None = None) -> Iterator[Entry]:
    """`top` ends with the header; the blank lines above it are entries too."""
    if top[-1].lstrip().startswith(("{", "[")):
        raise ManifestError("the manifest looks like JSON and is named as CSV: name it .jsonl, or .json for an array")
    header = header_of(top[-1], column, needed=True, delimiter=delimiter)
    assert header is not None
    above = [judged(number, "") for number, line in enumerate(top, 1) if not line.strip()]
    found = records(enumerate(lines, len(top) + 1), header)
    return chain(above, (_from_csv(number, cells, header.position, len(header.names)) for number, cells in found))


def _from_csv(number: int, cells: list[str] | BadRecord, position: int, width: int) -> Entry:
    if isinstance(cells, BadRecord):
        return malformed(number, cells.text, cells.reason)
    if not any(cell.strip() for cell in cells):
        return judged(number, "")
    if len(cells) <= position:
        return malformed(number, " ".join(cells), f"{len(cells)} cells, where the header has {width}")
    return judged(number, cells[position])

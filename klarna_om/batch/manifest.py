"""A manifest is a file of order ids: CSV, JSONL or plain lines, told apart by what is in it.

- A first line that is an order id makes it plain lines, whatever the file is called.
- `.jsonl`, `.ndjson`, or a first line that begins with `{` or `"` and is no header: JSONL, one string or object a line.
- A first line with the column's name between commas, semicolons, tabs or bars, or a name that ends in `.csv` or
  `.tsv`: CSV with a header.
- Anything else: plain lines.

UTF-8 with or without a byte order mark, and UTF-16 with one; any line ends. Nothing in a line is fatal: what cannot be
used becomes an entry with its reason. Only a CSV without the column is, since then no line can be used.
"""

import io
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, cast

import msgspec

from klarna_om.batch.csv_lines import header_of, records
from klarna_om.batch.entry import Entry, is_order_id, judged, malformed
from klarna_om.batch.threads import in_thread

READ_AT_ONCE = 10_000

_JSON_NAMES = (".jsonl", ".ndjson")
_CSV_NAMES = (".csv", ".tsv")


@contextmanager
def reading(path: Path, column: str) -> Generator[Iterator[Entry], None, None]:
    """Open a manifest; raises `ManifestError` for a CSV without the column, `OSError` for what cannot be read."""
    with path.open("rb") as file, text_of(file) as lines:
        yield entries(lines, column, path.suffix.lower())


@contextmanager
def text_of(file: IO[bytes]) -> Generator[Iterator[str], None, None]:
    """A file's lines as text; bytes that are no text spoil only the cell in which they stand."""
    start = file.read(2)
    file.seek(0)
    encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace")
    try:
        yield text
    finally:
        text.detach()


def entries(lines: Iterator[str], column: str = "order_id", suffix: str = "") -> Iterator[Entry]:
    """Every line of a manifest in order, without a CSV's header."""
    skipped: list[str] = []
    for line in lines:
        skipped.append(line)
        if line.strip():
            break
    first = skipped[-1].strip() if skipped else ""
    numbered = enumerate(chain(skipped, lines), 1)
    if not first or is_order_id(first):
        return _plain(numbered)
    header = header_of(first, column)
    if suffix in _JSON_NAMES or (first[:1] in ("{", '"') and header is None):
        return _json(numbered, column)
    if header is None and suffix not in _CSV_NAMES:
        return _plain(numbered)
    return _csv(numbered, column, first, len(skipped))


async def in_chunks(read: Iterator[Entry]) -> AsyncIterator[list[Entry]]:
    """Entries in lists, read in a thread so that no event loop waits for a disk."""
    while chunk := await in_thread(lambda: list(islice(read, READ_AT_ONCE))):
        yield chunk


def _plain(lines: Iterator[tuple[int, str]]) -> Iterator[Entry]:
    return (judged(number, line) for number, line in lines)


def _json(lines: Iterator[tuple[int, str]], column: str) -> Iterator[Entry]:
    return (_from_json(number, line, column) for number, line in lines)


def _from_json(number: int, line: str, column: str) -> Entry:
    if not line.strip():
        return judged(number, "")
    try:
        value: object = msgspec.json.decode(line)
    except (msgspec.DecodeError, ValueError) as reason:
        return malformed(number, line, f"not JSON: {reason}")
    if isinstance(value, dict):
        keyed = cast("dict[str, object]", value)
        if column not in keyed:
            return malformed(number, line, f"no key {column!r}")
        value = keyed[column]
    if value is None:
        return judged(number, "")
    if not isinstance(value, str):
        return malformed(number, line, "the order id is not a string")
    return judged(number, value)


def _csv(lines: Iterator[tuple[int, str]], column: str, first: str, header_at: int) -> Iterator[Entry]:
    header = header_of(first, column, needed=True)
    assert header is not None
    blank = [judged(number, "") for number, _ in islice(lines, header_at) if number < header_at]
    found = records(lines, header)
    return chain(blank, (_from_csv(number, cells, header.position, len(header.names)) for number, cells in found))


def _from_csv(number: int, cells: list[str] | str, position: int, width: int) -> Entry:
    if isinstance(cells, str):
        return malformed(number, cells, "a quote is opened and not closed as CSV wants it")
    if not any(cell.strip() for cell in cells):
        return judged(number, "")
    if len(cells) <= position:
        return malformed(number, " ".join(cells), f"{len(cells)} cells, where the header has {width}")
    return judged(number, cells[position])

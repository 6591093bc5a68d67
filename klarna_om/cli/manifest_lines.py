"""The lines of the manifest that a command is given: a file, or standard input."""

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from klarna_om.batch.entry import Entry
from klarna_om.batch.manifest import decode_file, open_manifest, parse_manifest, require_rows
from klarna_om.batch.row_parser import RowParser


@contextmanager
def open_lines(manifest: str, parser: RowParser) -> Generator[Iterator[Entry], None, None]:
    """Open a manifest; `-` is standard input. A pipe is read to its end before the job begins; Ctrl-C ends that."""
    if manifest != "-":
        with open_manifest(Path(manifest), parser) as lines:
            yield require_rows(lines)
        return
    with decode_file(sys.stdin.buffer) as text:
        yield require_rows(parse_manifest(text, parser))

"""Standard streams that never stop a command: closed, full, broken, or with an encoding that lacks a character.

The results of a command are at Klarna and on disk; its output only shows them. So output that cannot be written is
dropped, and characters that cannot be encoded are replaced. A command whose result is the output checks
`output_failure` at its end.
"""

import io
import os
import select
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _Output(io.FileIO):
    """A descriptor whose other end may be closed."""

    failure: OSError | None = None
    """The first error."""

    def write(self, data: "Buffer", /) -> int:
        """Write, or drop the data when it cannot be written."""
        try:
            while (written := super().write(data)) is None:  # a full pipe that does not block
                select.select([], [self], [])
        except OSError as reason:
            self.failure = self.failure or reason
            return memoryview(data).nbytes
        return written


@contextmanager
def protect_streams() -> Generator[None, None, None]:
    """While inside, printing never raises."""
    _occupy_closed_descriptors()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _protect(sys.stdout, 1), _protect(sys.stderr, 2)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def output_failure() -> OSError | None:
    """Why standard output is not complete; None also where its reader closed it, as `head` does."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failure = raw.failure if isinstance(raw, _Output) else None
    return None if isinstance(failure, BrokenPipeError) else failure


def _occupy_closed_descriptors() -> None:
    """Keep a journal from being opened as descriptor 1 or 2, which any print would write to."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor: this one


def _protect(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:
        return io.TextIOWrapper(_buffer(descriptor), encoding="utf-8")
    try:
        buffer = _buffer(stream.fileno())
    except OSError:  # a custom object, as in a test
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors=_errors_of(stream))
        return stream
    return io.TextIOWrapper(buffer, encoding=stream.encoding, errors=_errors_of(stream), line_buffering=True)


def _buffer(descriptor: int) -> io.BufferedWriter:
    return io.BufferedWriter(_Output(descriptor, "wb", closefd=False))


def _errors_of(stream: TextIO) -> str:
    """How a stream treats what it cannot encode, unless that would raise."""
    return "replace" if stream.errors in (None, "strict", "surrogateescape") else stream.errors

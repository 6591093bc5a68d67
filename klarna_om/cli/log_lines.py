"""Log records as lines for standard error: for people, or one JSON object each."""

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
from attrs import frozen
from rich.console import Console

from klarna_om.cli.printable import printable

_FIELD = "klarna_"
"""What the names of the client's own fields begin with (`klarna_om/log_fields.py`)."""


@frozen
class ConsoleStream:
    """The stream of a `logging.StreamHandler`: through the console, a live display stays below the lines."""

    console: Console

    def write(self, line: str) -> None:
        """Write a line as it is, whatever the width."""
        self.console.out(line, end="", highlight=False)

    def flush(self) -> None:
        """A console keeps nothing."""


class TextLines(logging.Formatter):
    """Time, level, logger and message, without anything that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        level, message = record.levelname.lower(), printable(record.getMessage())
        return f"{_time_of(record)} {level} {record.name}: {message}{_failure(record)}"


class JsonLines(logging.Formatter):
    """One object: time, level, logger, message, and the client's fields. Never a secret or a body."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        line: dict[str, Any] = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() + _failure(record),
        }
        line |= {name: value for name, value in vars(record).items() if name.startswith(_FIELD)}
        return msgspec.json.encode(line, enc_hook=str).decode()


def _time_of(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _failure(record: logging.LogRecord) -> str:
    """The kind of an exception. Its text may hold anything."""
    kind = record.exc_info[0] if record.exc_info else None
    return f" ({kind.__name__})" if kind is not None else ""

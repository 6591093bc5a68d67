"""A PostgreSQL for a benchmark: the server that tests use, found or started, and a database of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from benchmarks.generated import Absent


@contextmanager
def postgresql(tables: Literal["journals", "outbox"]) -> Iterator[str]:
    """The DSN of a database with these tables; `Absent` where there is no server, or no driver for it."""
    try:
        from tests.support.postgres import any_server, database_with_journals, database_with_outbox
    except ImportError as reason:
        raise Absent(str(reason)) from reason
    import pytest

    make = database_with_journals if tables == "journals" else database_with_outbox
    try:
        with any_server() as server, make(server) as dsn:
            yield dsn
    except pytest.skip.Exception as reason:
        raise Absent(str(reason)) from None

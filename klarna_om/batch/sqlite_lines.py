"""What a SQLite journal says of the lines of its manifest."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec
from attrs import evolve

from klarna_om.batch.entry import NO_COLUMNS
from klarna_om.batch.journal import Line
from klarna_om.batch.sqlite_file import query_number
from klarna_om.batch.totals import Totals


def counts(connection: sqlite3.Connection) -> Totals:
    """The current manifest in numbers."""
    states = dict(connection.execute("SELECT state, count(*) FROM rows WHERE line IS NOT NULL GROUP BY state"))
    problems = dict(
        connection.execute("SELECT problem, count(*) FROM lines WHERE problem IS NOT NULL GROUP BY problem")
    )
    named = query_number(connection, "SELECT count(*) FROM lines WHERE order_id IS NOT NULL AND problem IS NULL")
    return Totals(**states, **problems, duplicate=named - sum(states.values()))


def line_of(values: tuple[Any, ...]) -> Line:
    """A report line from the columns of `REPORT_LINES`; a duplicate points to the line that has the result."""
    *facts, columns, body, first = values
    shown: Mapping[str, object] = NO_COLUMNS if columns is None else msgspec.json.decode(columns)
    make: Any = Line  # in the order of the columns
    line: Line = make(*facts, shown, body)
    if line.outcome == "duplicate":
        known = Line(line.line, line.order_id, line.capture_id, line.reference, line.outcome)
        return evolve(known, detail=f"the same as line {first}", columns=shown)
    return line

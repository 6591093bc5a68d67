"""What a journal in PostgreSQL says of the lines of its manifest."""

from collections.abc import Mapping
from typing import Any

import msgspec

from klarna_om.batch.entry import NO_COLUMNS
from klarna_om.batch.iso_time import to_iso
from klarna_om.batch.journal import Line
from klarna_om.batch.totals import Totals

_STARTED, _FINISHED = 10, 11


def line_of(values: tuple[Any, ...]) -> Line:
    """A report line from the columns of a query of lines; a duplicate points to the line that has the result."""
    *facts, columns, body, first = values
    shown: Mapping[str, object] = NO_COLUMNS if columns is None else msgspec.json.decode(columns)
    line, order_id, capture_id, reference, outcome = facts[:5]
    if outcome == "duplicate":
        detail = f"the same as line {first}"
        return Line(line, order_id, capture_id, reference, outcome, detail=detail, columns=shown)
    facts[_STARTED], facts[_FINISHED] = to_iso(facts[_STARTED]), to_iso(facts[_FINISHED])
    make: Any = Line  # in the order of the columns
    made: Line = make(*facts, shown, body)
    return made


def totals_of(states: Mapping[str, int], problems: Mapping[str, int]) -> Totals:
    """The totals from the rows in each state, and the lines with each problem; those without one are under ''."""
    known = {problem: count for problem, count in problems.items() if problem}
    return Totals(**states, **known, duplicate=problems.get("", 0) - sum(states.values()))

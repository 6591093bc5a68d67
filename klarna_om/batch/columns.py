"""The columns of a manifest that belong to an operation; all others are the shop's own.

They are its ids (`order_id`, `capture_id`), `reference`, which is the shop's own name for a write, and the fields of
its request. An order is acknowledged or cancelled once, so there a `reference` is the shop's own column.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from klarna_om.batch.cells import problem_of_name
from klarna_om.batch.request_fields import field_types, required_fields
from klarna_om.workflows.writes import ONCE_AN_ORDER, OPTIONAL_REFERENCE, WRITES

LIKENESS = 0.85
"""How like one of the operation's names another column may be before it counts as a mistake."""


class Columns:
    """The columns of one operation."""

    def __init__(self, operation: str, order_id: str) -> None:
        if operation not in WRITES:
            raise ValueError(f"there is no operation {operation!r}; the writes are {', '.join(WRITES)}")
        self.operation = operation
        self.order_id = order_id
        self.takes: Any = WRITES[operation].takes
        self.fields: Mapping[str, Any] = field_types(self.takes)
        has_capture = "{capture_id}" in WRITES[operation].path
        has_reference = operation not in ONCE_AN_ORDER
        self.own = ("capture_id",) * has_capture + ("reference",) * has_reference
        """Those beside the order id that are not fields of the request; a capture's `reference` is both."""
        needed = self.own if operation not in OPTIONAL_REFERENCE else ()
        self.required = tuple(dict.fromkeys((*needed, *(required_fields(self.takes) if self.takes else ()))))

    @property
    def is_bare(self) -> bool:
        """Does an order id say everything?"""
        return not self.own and self.takes is None

    def belongs(self, name: str) -> bool:
        """Is it a column of the operation?"""
        return name in self.own or name.partition(".")[0] in self.fields

    def problem(self, names: Iterable[str]) -> str | None:
        """Why a manifest cannot have just these columns; None where it can."""
        names = tuple(names)
        for name in names:
            if self.belongs(name) and names.count(name) > 1:
                return f"has more than one column {name!r}; rename all but one"
            if name.partition(".")[0] in self.fields and (problem := problem_of_name(self.takes, name)):
                return problem
        return self._problem_of_others(names)

    def _problem_of_others(self, names: tuple[str, ...]) -> str | None:
        """Is one missing, or is another one named nearly like one of the operation's?"""
        present = {name.partition(".")[0] for name in names}
        absent = [name for name in (*self.own, *self.fields) if name not in present]
        for name in names:
            near = get_close_matches(name, absent, 1, LIKENESS)
            if near and name != self.order_id and not self.belongs(name):
                return f"has {name!r}: if {near[0]!r} is meant, rename it, else choose a name that is less like it"
        if missing := [name for name in self.required if name not in present]:
            return f"has no {', '.join(map(repr, missing))}, which {self.operation} needs; it has {', '.join(names)}"
        return None

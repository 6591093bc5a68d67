"""A line of a manifest as a write, checked, with what is wrong with it where it cannot be one."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

import msgspec
from attrs import evolve

from klarna_om import structuring
from klarna_om.batch.cells import CellError, document_from_cells
from klarna_om.batch.columns import Columns
from klarna_om.batch.entry import Entry, Problem, clean, lost_order_id, malformed_entry, parse_line, parse_order_id
from klarna_om.batch.request_fields import unknown_fields
from klarna_om.errors import InvalidRequest
from klarna_om.workflows.new_intent import new_intent
from klarna_om.workflows.writes import ONCE

ORDER_ID = "order_id"


class RowParser:
    """Parses the rows of one operation."""

    def __init__(self, operation: str, column: str = ORDER_ID, *, kustom: bool = False) -> None:
        """`column`: the name of the order id. `kustom`: check requests by the rules of Kustom's hosts."""
        self.columns = Columns(operation, column)
        self._kustom = kustom

    def parse_id(self, line: int, text: str) -> Entry:
        """Parse a line that has an order id only."""
        if self.columns.is_bare or not clean(text):
            return parse_line(line, text)
        if self.columns.required:
            needed = ", ".join(self.columns.required)
            return malformed_entry(line, text, f"an order id alone: {self.columns.operation} needs {needed} too")
        return self._check(line, text, None, "", None)

    def parse_cells(self, line: int, names: tuple[str, ...], cells: list[str]) -> Entry:
        """Parse a CSV record. It has a cell for each name, unless the order id is all that counts."""
        columns = self.columns
        values = dict(zip(names, cells, strict=False))
        order_id = values.pop(columns.order_id)
        other = {name: text for name, text in values.items() if not columns.belongs(name)}
        if columns.is_bare:
            return _with_columns(parse_line(line, order_id), other)
        if len(cells) != len(names):
            return malformed_entry(line, order_id, f"{len(cells)} cells, where the header has {len(names)}")
        return _with_columns(self._parse_cells(line, order_id, values), other)

    def _parse_cells(self, line: int, order_id: str, values: Mapping[str, str]) -> Entry:
        columns = self.columns
        given = {name: clean(text) for name, text in values.items() if columns.belongs(name) and clean(text)}
        in_request = {name: text for name, text in given.items() if name.partition(".")[0] in columns.fields}
        try:
            document = document_from_cells(columns.takes, in_request)
        except CellError as reason:
            return malformed_entry(line, order_id, str(reason))
        return self._parse(line, order_id, given, document)

    def parse_object(self, line: int, values: Mapping[str, object]) -> Entry:
        """Parse an object; what is nested in it is in Klarna's own form."""
        columns = self.columns
        order_id = values.get(columns.order_id)
        if isinstance(order_id, UUID):
            order_id = str(order_id)
        if not isinstance(order_id, str):
            return malformed_entry(line, str(order_id), "the order id is not a string")
        given = {name: value for name, value in values.items() if name != columns.order_id and value is not None}
        other = {name: value for name, value in given.items() if not columns.belongs(name)}
        if columns.is_bare:
            return _with_columns(parse_line(line, order_id), other)
        if (problem := columns.problem(values)) is not None:
            return _with_columns(malformed_entry(line, order_id, f"the object {problem}"), other)
        document = {name: value for name, value in given.items() if name in columns.fields}
        return _with_columns(self._parse(line, order_id, given, document), other)

    def parse_content(
        self,
        line: int,
        order_id: str | UUID,
        content: object,
        reference: object,
        capture_id: str | UUID | None,
        columns: Mapping[str, object],
    ) -> Entry:
        """Parse a row whose request is one of Klarna's types."""
        if self.columns.operation in ONCE:
            reference = getattr(content, "reference", None)
        return _with_columns(self._check(line, str(order_id), content, reference, capture_id), columns)

    def _parse(self, line: int, text: str, given: Mapping[str, object], document: Mapping[str, object]) -> Entry:
        takes, content = self.columns.takes, None
        if takes is not None:
            try:
                content = structuring.read(takes, msgspec.json.encode(document))
            except structuring.Unreadable as reason:
                return malformed_entry(line, text, "; ".join(reason.problems))
            if unknown := unknown_fields(takes, document):
                return malformed_entry(line, text, f"there is no field {', '.join(unknown)}")
        capture_id = cast("str | None", given.get("capture_id"))
        return self._check(line, text, content, given.get("reference"), capture_id)

    def _check(self, line: int, text: str, content: object, reference: object, capture_id: str | UUID | None) -> Entry:
        order_id = parse_order_id(text)
        if order_id is None:
            return parse_line(line, text) if clean(text) else lost_order_id(line, text)
        try:
            new = new_intent(
                self.columns.operation,
                order_id,
                content,
                reference=reference or "",
                capture_id=capture_id,
                kustom=self._kustom,
            )
        except InvalidRequest as reason:
            return malformed_entry(line, text, "; ".join(reason.problems))
        return Entry(line, order_id, reference=new.reference, capture_id=new.capture_id, body=new.body)


def _with_columns(entry: Entry, columns: Mapping[str, object]) -> Entry:
    return evolve(entry, columns=columns) if columns and entry.problem is not Problem.BLANK else entry

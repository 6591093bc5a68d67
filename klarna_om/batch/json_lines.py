"""JSON as a manifest: lines, each a string or an object, or one array of them.

An array's elements are numbered, not its lines: the first element is line 1.
"""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry, clean, lost_order_id, malformed_entry, parse_line
from klarna_om.batch.row_parser import RowParser

# Nesting that is too deep for the parser is a RecursionError.
_NOT_JSON = (msgspec.DecodeError, ValueError, RecursionError)


def is_json_string(line: str) -> bool:
    """Is this line one JSON string, and not the quoted cells of a CSV?"""
    try:
        return isinstance(msgspec.json.decode(line), str)
    except _NOT_JSON:
        return False


def parse_json_lines(lines: Iterator[tuple[int, str]], parser: RowParser) -> Iterator[Entry]:
    """Parse JSON lines."""
    return (_parse_element(number, line, parser) for number, line in lines)


def parse_json_document(text: str, parser: RowParser) -> Iterator[Entry] | None:
    """Parse one document; None where the text is not one. Raises `ManifestError` for one of another shape."""
    if text.lstrip().startswith("["):
        try:
            elements = msgspec.json.decode(text, type=list[msgspec.Raw])
        except _NOT_JSON as reason:
            raise ManifestError(f"the manifest is a JSON array that cannot be read: {_message(reason)}") from None
        return (_parse_element(number, bytes(each).decode(), parser) for number, each in enumerate(elements, 1))
    try:
        keyed = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except _NOT_JSON:
        return None
    column = parser.columns.order_id
    if column not in keyed:
        raise ManifestError(
            f"the manifest is one JSON object {_keys(keyed)}: an array of order ids or of objects with the key"
            f" {column!r} is needed, or one object per line"
        )
    return iter([_parse_element(1, text, parser)])


def _parse_element(number: int, line: str, parser: RowParser) -> Entry:
    if not line.strip():
        return parse_line(number, "")
    try:
        value: object = msgspec.json.decode(line)
    except _NOT_JSON as reason:
        return malformed_entry(number, line, f"not JSON: {_message(reason)}")
    if isinstance(value, dict):
        return _parse_object(number, line, cast("dict[str, object]", value), parser)
    if value is None:
        return parse_line(number, "")
    if not isinstance(value, str):
        return malformed_entry(number, line, "the order id is not a string")
    return parser.parse_id(number, value)


def _parse_object(number: int, line: str, keyed: dict[str, object], parser: RowParser) -> Entry:
    column = parser.columns.order_id
    if column not in keyed:
        return malformed_entry(number, line, f"no key {column!r}; the object is {_keys(keyed)}")
    if _is_empty(keyed[column]):
        return parse_line(number, "") if all(map(_is_empty, keyed.values())) else lost_order_id(number, line)
    if not isinstance(keyed[column], str):
        return malformed_entry(number, line, "the order id is not a string")
    return parser.parse_object(number, keyed)


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not clean(value))


def _keys(keyed: Mapping[str, object]) -> str:
    return f"with the keys {', '.join(map(repr, list(keyed)[:10]))}" if keyed else "without a key"


def _message(reason: Exception) -> str:
    return "it is nested too deep" if isinstance(reason, RecursionError) else str(reason)

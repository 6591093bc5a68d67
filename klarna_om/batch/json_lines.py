"""JSON as a manifest: lines, each a string or an object, or one array of them.

The entries of an array are counted as its lines are not: the first element is line 1.
"""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry, judged, malformed

# Nesting that is too deep for the reader is a RecursionError.
_NOT_JSON = (msgspec.DecodeError, ValueError, RecursionError)


def is_json_string(line: str) -> bool:
    """Is this line one JSON string, and not the quoted cells of a CSV?"""
    try:
        return isinstance(msgspec.json.decode(line), str)
    except _NOT_JSON:
        return False


def json_entries(lines: Iterator[tuple[int, str]], column: str) -> Iterator[Entry]:
    """JSON lines, each judged."""
    return (_from_line(number, line, column) for number, line in lines)


def document_entries(text: str, column: str) -> Iterator[Entry] | None:
    """The elements of a document; None where the text is not one document. Raises `ManifestError` for another one."""
    if text.lstrip().startswith("["):
        try:
            elements = msgspec.json.decode(text, type=list[msgspec.Raw])
        except _NOT_JSON as reason:
            raise ManifestError(f"the manifest is a JSON array that cannot be read: {_message(reason)}") from None
        return (_from_line(number, bytes(each).decode(), column) for number, each in enumerate(elements, 1))
    try:
        keyed = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except _NOT_JSON:
        return None
    if column not in keyed:
        raise ManifestError(
            f"the manifest is one JSON object {_keys(keyed)}: an array of order ids or of objects with the key"
            f" {column!r} is needed, or one object a line"
        )
    return iter([_from_line(1, text, column)])


def _from_line(number: int, line: str, column: str) -> Entry:
    if not line.strip():
        return judged(number, "")
    try:
        value: object = msgspec.json.decode(line)
    except _NOT_JSON as reason:
        return malformed(number, line, f"not JSON: {_message(reason)}")
    if isinstance(value, dict):
        keyed = cast("dict[str, object]", value)
        if column not in keyed:
            return malformed(number, line, f"no key {column!r}; the object is {_keys(keyed)}")
        value = keyed[column]
    if value is None:
        return judged(number, "")
    if not isinstance(value, str):
        return malformed(number, line, "the order id is not a string")
    return judged(number, value)


def _keys(keyed: Mapping[str, object]) -> str:
    return f"with the keys {', '.join(map(repr, list(keyed)[:10]))}" if keyed else "without a key"


def _message(reason: Exception) -> str:
    return "it is nested too deep" if isinstance(reason, RecursionError) else str(reason)

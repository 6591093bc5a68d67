"""CSV cells as the fields of a request: numbers, JSON, and names with dots for what is nested.

`shipping_address.city` is a field of an object; `shipping_info.tracking_number` is a field of the one item of a list. A
cell of a whole object or list is JSON. An empty cell is an absent field.
"""

import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import msgspec
from attrs import has

from klarna_om.batch.request_fields import field_types, item_type

_is_number = re.compile(r"-?[0-9]+").fullmatch


class CellError(ValueError):
    """A cell that cannot be read; the message names its column and what it should hold."""


def problem_of_name(kind: type, name: str) -> str | None:
    """Why the name of a column leads to no field; None where it does."""
    path = name.split(".")
    for number, key in enumerate(path):
        known = field_types(kind)
        if key not in known:
            names = f"its fields are {', '.join(known)}" if known else "it has no fields of its own"
            return f"has the column {name!r}, which names no field of {'.'.join(path[:number])}: {names}"
        kind = item_type(known[key])
    return None


def document_from_cells(kind: type, cells: Mapping[str, str]) -> dict[str, Any]:
    """The cells of the columns that are fields of a request, as the document that is sent."""
    document: dict[str, Any] = {}
    for name, text in cells.items():
        _put(document, kind, name.split("."), name, text)
    return document


def _put(document: dict[str, Any], kind: type, path: list[str], name: str, text: str) -> None:
    key, *rest = path
    declared = field_types(kind)[key]
    if not rest:
        document[key] = _value(declared, name, text)
        return
    is_list = get_origin(declared) is tuple
    inner = document.setdefault(key, [{}] if is_list else {})
    _put(inner[0] if is_list else inner, item_type(declared), rest, name, text)


def _value(declared: Any, name: str, text: str) -> object:
    if int in (declared, *get_args(declared)):
        if _is_number(text) is None:
            raise CellError(f"{name}: must be a whole number (money is in minor units: 1250 for 12.50), got {text!r}")
        return int(text)
    if get_origin(declared) is tuple or has(declared):
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, ValueError, RecursionError) as reason:
            raise CellError(f"{name}: must be JSON, or its fields in columns of their own ({reason})") from None
    return text

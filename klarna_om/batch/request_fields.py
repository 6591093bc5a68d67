"""The fields of a request, by Klarna's names."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast, get_args, get_origin

from attrs import fields, has

from klarna_om.types.fields import non_null_type, wire_name
from klarna_om.types.model import required


@cache
def field_types(kind: type) -> Mapping[str, Any]:
    """The type of each field; empty for a type without fields."""
    return {wire_name(field.name): non_null_type(field.type) for field in fields(kind)} if has(kind) else {}


def required_fields(kind: type) -> tuple[str, ...]:
    """The fields that must be there."""
    return tuple(map(wire_name, required(kind)))


def item_type(declared: Any) -> Any:
    """The type of a list's items; any other type itself."""
    return get_args(declared)[0] if get_origin(declared) is tuple else declared


def unknown_fields(kind: type, document: object, path: str = "") -> list[str]:
    """The fields of a document that its type does not have: Klarna would ignore them, so they are mistakes."""
    if isinstance(document, list):
        items = cast("list[object]", document)
        return [name for n, item in enumerate(items) for name in unknown_fields(kind, item, f"{path}[{n}]")]
    known = field_types(kind)
    if not isinstance(document, dict) or not known:
        return []
    unknown: list[str] = []
    for name, value in cast("dict[str, object]", document).items():
        here = f"{path}.{name}" if path else name
        unknown += unknown_fields(item_type(known[name]), value, here) if name in known else [here]
    return unknown

"""The rules by which plain values become Klarna's types, as a cattrs converter.

- An int is exactly an int of 64 bits: 7.0, 1e2, "7", true and 2 ** 63 are errors. So it is with true and false.
- A string is exactly a string, a list a list, an object an object.
- `null` reads like a missing field, whatever the field. Klarna was never seen to send one.
- `null` in a list is no item of it: the list is read without. Only the lists of a request hold what is meant, so
  there it is an error.
- Unknown fields are passed over, anywhere.
- A missing field is None, or empty for a list. Only a request must have what the specification requires.
- Times and dates: what cannot be placed in time is None, but what is not a string is an error.
- Half of a surrogate pair, which has no UTF-8, reads as U+FFFD.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import cache, partial
from types import GenericAlias, NoneType
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

import attrs
import msgspec

from klarna_om.types.fields import default_of, non_null_type, wire_name
from klarna_om.types.model import Model, RequestModel, ResponseModel, required
from klarna_om.types.scalars import INT64_MAX, INT64_MIN, Moment

if TYPE_CHECKING:
    from cattrs import Converter

Hook = Callable[[Any, Any], Any]

_ABSENT = object()
"""Stands in for a field that a request must have, where an answer lacks it."""


class KindError(ValueError):
    """A value is of the wrong kind. The message never repeats a string, which may be personal."""

    def __init__(self, expected: str, value: object) -> None:
        # A number where a number belongs is worth seeing; one where a string belongs may be a telephone number.
        shown = repr(value) if expected == "an int" and isinstance(value, float) else _kind(value)
        super().__init__(f"expected {expected}, got {shown}")


MAX_ITEMS = 10_000
"""Of a list in a document that is not right as it is. A megabyte of wrong items would take seconds to name."""


@cache
def converter() -> "Converter":
    """The converter with all rules in it, for your own structuring and unstructuring."""
    from cattrs import Converter  # imported here, since most programs only use the fast path

    rules = Converter(detailed_validation=True)
    rules.register_structure_hook(int, _int)
    rules.register_structure_hook(bool, _bool)
    rules.register_structure_hook(str, _string)
    rules.register_structure_hook(datetime, partial(_in_time, Moment))
    rules.register_structure_hook(date, partial(_in_time, date))
    rules.register_structure_hook_factory(_is_sequence, partial(_sequence, drop_null=True))
    rules.register_structure_hook_factory(attrs.has, _record)
    rules.register_unstructure_hook(str, str.__str__)  # a plain string, not the member of an enumeration
    rules.register_unstructure_hook(datetime, lambda moment: moment.isoformat().replace("+00:00", "Z"))
    rules.register_unstructure_hook(date, date.isoformat)
    rules.register_unstructure_hook(tuple, lambda items: [rules.unstructure(item) for item in items])
    rules.register_unstructure_hook_factory(attrs.has, partial(_plain, rules))
    return rules


def _int(value: object, _: object) -> int:
    if type(value) is not int:
        raise KindError("an int", value)
    if not INT64_MIN <= value <= INT64_MAX:
        raise KindError("an int of 64 bits", value)
    return value


def _bool(value: object, _: object) -> bool:
    if type(value) is not bool:
        raise KindError("true or false", value)
    return value


def _string(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise KindError("a string", value)
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _in_time(kind: Any, value: object, _: object) -> Any:
    """Read a time or date as the fast path would; None where it cannot."""
    if not isinstance(value, str):
        raise KindError("a string", value)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) in (list, tuple)


def _sequence(kind: Any, rules: "Converter", *, drop_null: bool) -> Hook:
    """Structure a list or tuple, and refuse everything else that Python can iterate over."""
    from cattrs.cols import list_structure_factory

    make, item = get_origin(kind), get_args(kind)[0]
    drop_null = drop_null and NoneType not in get_args(item)
    items_kind: Any = GenericAlias(list, item | None if drop_null else item)
    structure_items = list_structure_factory(items_kind, rules)

    def structure(value: object, _: object) -> Any:
        if not isinstance(value, (list, tuple)):
            raise KindError("a list", value)
        values = cast("Collection[object]", value)
        if len(values) > MAX_ITEMS:
            raise KindError(f"a list of up to {MAX_ITEMS} items, all of them valid", values)
        items: list[Any] = structure_items(values, kind)
        return make(one for one in items if one is not None) if drop_null else make(items)

    return structure


def _record(cls: type[attrs.AttrsInstance], rules: "Converter") -> Hook:
    """Structure an object: unknown fields are passed over, and so is null."""
    from cattrs.gen import make_dict_structure_fn

    fields = attrs.fields(cls)
    placeholders = dict.fromkeys(required(cls), _ABSENT) if issubclass(cls, ResponseModel) else {}
    structure_fields = make_dict_structure_fn(cls, rules, **{f.name: _override(cls, f, rules) for f in fields})

    def structure(value: object, _: object) -> Any:
        if not isinstance(value, Mapping):
            raise KindError("an object", value)
        document = cast("Mapping[str, object]", value)
        given = {name: value for name, value in document.items() if value is not None}
        return structure_fields({**placeholders, **given}, cls)

    return structure


def _override(cls: type, field: "attrs.Attribute[Any]", rules: "Converter") -> Any:
    from cattrs.gen import override

    kind = non_null_type(field.type)
    is_meant = issubclass(cls, RequestModel) and _is_sequence(kind)
    structure = _sequence(kind, rules, drop_null=False) if is_meant else rules.get_structure_hook(kind)
    return override(
        rename=wire_name(field.name),
        struct_hook=lambda value, kind: None if value is _ABSENT else structure(value, kind),
    )


def _plain(rules: "Converter", cls: type[attrs.AttrsInstance]) -> Callable[[Any], dict[str, Any]]:
    """Unstructure an object: absent fields are left out, empty strings and lists are not."""
    # Another library's class leaves nothing out.
    defaults = {field.name: default_of(field) if issubclass(cls, Model) else _ABSENT for field in attrs.fields(cls)}

    def unstructure(record: object) -> dict[str, Any]:
        values = {name: getattr(record, name) for name in defaults}
        return {wire_name(n): rules.unstructure(value) for n, value in values.items() if value is not defaults[n]}

    return unstructure


_KINDS: dict[type, str] = {
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def _kind(value: object) -> str:
    """What JSON calls a value."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    kind = type(value)
    return _KINDS.get(kind, kind.__name__)

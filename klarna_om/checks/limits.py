"""Finds what breaks the specification's limits, which are the metadata of the types' fields.

Values are of exactly the right kind: nothing is turned into a number that is none, so 12.5, True and "12" are no
amounts. Lengths are counted in characters as Python counts them. Klarna might count some (emoji) twice; then a string
that passes here may be refused there, but none is refused here that would pass there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, cast, get_args, get_origin

from attrs import fields

from klarna_om.types.fields import non_null_type
from klarna_om.types.limits import LIMITS, UNLIMITED, Limits
from klarna_om.types.scalars import Int64

Violation = tuple[str, str]
"""The path from the checked value, and what is wrong there; built only when something is wrong."""

Validator = Callable[[Any], Sequence[Violation]]

NO_VIOLATIONS: Sequence[Violation] = ()

INT32 = frozenset({"interval_count", "number_of_days", "tax_rate"})
"""The numbers that the specification holds in 32 bits; all others have 64."""


def find_broken_limits(content: object) -> Iterator[str]:
    """Find every limit that a request breaks."""
    kind: Any = type(content)
    for path, problem in _record(kind)(content):
        yield f"{path.removeprefix('.')}: {problem}"


@cache
def _record(cls: type) -> Validator:
    """The validator of one of Klarna's types. Fields that are not given are not part of it."""
    validators = {field.name: _kind(field.name, non_null_type(field.type), _limits(field)) for field in fields(cls)}
    required = frozenset(field.name for field in fields(cls) if _limits(field).required)

    def validate(value: object) -> Sequence[Violation]:
        if not isinstance(value, cls):
            return _violation(f"must be of type {cls.__name__}, got {_name(value)}")
        violations: list[Violation] = []
        for name, validate_field in validators.items():
            field_value = getattr(value, name)
            if field_value is not None:
                violations += [(f".{name}{path}", problem) for path, problem in validate_field(field_value)]
            elif name in required:
                violations.append((f".{name}", "must be there"))
        return violations

    return validate


def _kind(name: str, kind: Any, limits: Limits) -> Validator:
    """The validator of a field."""
    if kind is str:
        return _string(limits)
    if kind == Int64:
        return _number(limits, 32 if name in INT32 else 64)
    if get_origin(kind) is tuple:
        return _list(get_args(kind)[0], limits)
    return _record(kind)


def _string(limits: Limits) -> Validator:
    max_length = limits.max_length

    def validate(value: object) -> Sequence[Violation]:
        if not isinstance(value, str):
            return _violation(f"must be a string, got {_name(value)}")
        if max_length is not None and len(value) > max_length:
            return _violation(f"must have at most {max_length} characters, got {len(value)}")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            return _violation("must be Unicode, but has half of a surrogate pair")
        return NO_VIOLATIONS

    return validate


def _number(limits: Limits, bits: int) -> Validator:
    lowest = -(2 ** (bits - 1)) if limits.ge is None else limits.ge
    highest = 2 ** (bits - 1) - 1 if limits.le is None else limits.le

    def validate(value: object) -> Sequence[Violation]:
        if type(value) is not int:  # a bool is an int to Python, and no amount to Klarna
            shown = value if isinstance(value, float) else _name(value)
            return _violation(f"must be a whole number, got {shown}")
        if lowest <= value <= highest:
            return NO_VIOLATIONS
        bound = f"at least {lowest}" if value < lowest else f"at most {highest}"
        return _violation(f"must be {bound}, got {value if value.bit_length() < 64 else 'more than 64 bits'}")

    return validate


def _list(item: type, limits: Limits) -> Validator:
    validate_item = _record(item)

    def validate(value: object) -> Sequence[Violation]:
        if not isinstance(value, tuple):
            return _violation(f"must be a list, got {_name(value)}")
        items = cast("tuple[object, ...]", value)
        violations = [*_size(len(items), limits)]
        for index, element in enumerate(items):
            violations += [(f"[{index}]{path}", problem) for path, problem in validate_item(element)]
        return violations

    return validate


def _size(size: int, limits: Limits) -> Iterable[Violation]:
    if limits.min_items is not None and size < limits.min_items:
        yield "", f"must have at least {limits.min_items} items, got {size}"
    if limits.max_items is not None and size > limits.max_items:
        yield "", f"must have at most {limits.max_items} items, got {size}"


def _limits(field: Any) -> Limits:
    limits: Limits = field.metadata.get(LIMITS, UNLIMITED)
    return limits


def _violation(problem: str) -> Sequence[Violation]:
    return (("", problem),)


def _name(value: object) -> str:
    return type(value).__name__

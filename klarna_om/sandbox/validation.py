"""Rules for the fields of a request's body, and the function that checks a body against them.

A field that is missing, null or of the wrong type is a 400 `BAD_VALUE`, worded as recorded on the wire ("Bad
value: purchase_currency, purchase_country"). A value out of bounds is a 422 `UNPROCESSABLE_ENTITY`, worded as
on Klarna's error page ("size of shipping_info/shipping_company must be between 0 and 100"). Klarna has not
published which of the two statuses a wrong type gets on this API; both are definite refusals. Unknown fields
are dropped.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

from attrs import field, frozen

INT32_MAX, INT64_MAX = 2**31 - 1, 2**63 - 1


@frozen
class StringRule:
    """A string with a maximum length."""

    max_length: int = 255


@frozen
class IntegerRule:
    """An integer within bounds; those of its format where Klarna states none."""

    minimum: int = -INT64_MAX - 1
    maximum: int = INT64_MAX


@frozen
class ObjectRule:
    """An object: the rules of its fields, and which of them are required."""

    fields: Mapping[str, "Rule"]
    required: tuple[str, ...] = ()


@frozen
class ArrayRule:
    """A list with a minimum and a maximum length."""

    item: "Rule"
    max_items: int
    min_items: int = 0


Rule = StringRule | IntegerRule | ObjectRule | ArrayRule


@frozen
class Violations:
    """What is wrong with a body: fields of the wrong type, and sentences about limits."""

    bad_values: list[str] = field(factory=list[str])
    broken_limits: list[str] = field(factory=list[str])


def validate(rule: Rule, value: Any, path: str, violations: Violations) -> Any:
    """The value without its unknown fields; what is wrong with it is added to `violations`."""
    match rule:
        case StringRule():
            return _validate_string(rule, value, path, violations)
        case IntegerRule():
            return _validate_integer(rule, value, path, violations)
        case ObjectRule():
            return _validate_object(rule, value, path, violations)
        case _:
            return _validate_array(rule, value, path, violations)


def _validate_string(rule: StringRule, value: Any, path: str, violations: Violations) -> Any:
    if not isinstance(value, str):
        violations.bad_values.append(path)
    elif len(value) > rule.max_length:
        violations.broken_limits.append(f"size of {path} must be between 0 and {rule.max_length}")
    return value


def _validate_integer(rule: IntegerRule, value: Any, path: str, violations: Violations) -> Any:
    if type(value) is not int or not -INT64_MAX - 1 <= value <= INT64_MAX:  # a bool is an int, and no amount
        violations.bad_values.append(path)
    elif not rule.minimum <= value <= rule.maximum:
        violations.broken_limits.append(f"{path} must be between {rule.minimum} and {rule.maximum}")
    return value


def _validate_object(rule: ObjectRule, value: Any, path: str, violations: Violations) -> Any:
    if not _is_object(value):
        violations.bad_values.append(path or "body")
        return value
    prefix = f"{path}/" if path else ""
    violations.bad_values.extend(prefix + name for name in rule.required if name not in value)
    return {
        name: validate(each, value[name], prefix + name, violations)
        for name, each in rule.fields.items()
        if name in value
    }


def _validate_array(rule: ArrayRule, value: Any, path: str, violations: Violations) -> Any:
    if not _is_list(value):
        violations.bad_values.append(path)
        return value
    if not rule.min_items <= len(value) <= rule.max_items:
        violations.broken_limits.append(f"size of {path} must be between {rule.min_items} and {rule.max_items}")
        return value
    return [validate(rule.item, each, path, violations) for each in value]


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)

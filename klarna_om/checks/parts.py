"""The parts of a request that rules count with. What is of a wrong type is passed over here: the limits find it."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from klarna_om.checks.rule import WithLines
from klarna_om.types import CaptureObject, OrderLine, RefundObject, UpdateAuthorization

AMOUNTS: Mapping[type, str] = {
    CaptureObject: "captured_amount",
    RefundObject: "refunded_amount",
    UpdateAuthorization: "order_amount",
}


def lines_of(content: WithLines) -> Iterator[tuple[str, OrderLine]]:
    """Every order line; its path ends with a point, ready for the name of a field."""
    return parts_of(content, "order_lines", OrderLine)


def parts_of(content: object, name: str, kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """Every part of a list, with its path like that of a line."""
    parts: object = getattr(content, name, None)
    for index, part in enumerate(cast("tuple[object, ...]", parts) if isinstance(parts, tuple) else ()):
        if isinstance(part, kind):
            yield f"{name}[{index}].", part


def whole_numbers(*numbers: object) -> tuple[int, ...] | None:
    """The same numbers, or None where one of them is none that Klarna could hold."""
    whole = tuple(number for number in numbers if type(number) is int and number.bit_length() < 64)
    return whole if len(whole) == len(numbers) else None


def amount_of(content: WithLines) -> tuple[str, Any]:
    """The name and the value of what a request is about in money; None where it lacks it."""
    name = next(name for kind, name in AMOUNTS.items() if isinstance(content, kind))
    return name, getattr(content, name, None)

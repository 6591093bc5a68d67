"""The strict path: plain JSON first, cattrs afterwards, and a list of everything that is wrong."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar, get_args

from klarna_om.structuring.strictness import KindError, converter
from klarna_om.types.fields import wire_name

T = TypeVar("T")

SHOWN = 20
"""How many problems the message of an error has; all of them are in its `problems`."""

TOO_DEEP = "nested too deeply"


class Unreadable(ValueError):
    """A document is not what it should be. It names the wrong fields, but never a string that they hold."""

    def __init__(self, what: str, problems: tuple[str, ...]) -> None:
        super().__init__(what, problems)
        self.what = what
        self.problems = problems
        """Every wrong field with the reason: `order_lines[0].quantity: expected an int, got 7.5`."""

    def __str__(self) -> str:
        more = f"; and {len(self.problems) - SHOWN} more" if len(self.problems) > SHOWN else ""
        return f"cannot read {self.what}: {'; '.join(self.problems[:SHOWN])}{more}"


def parse(cls: Any, data: bytes) -> object:
    """Read JSON into plain values."""
    try:
        return json.loads(data.decode(), parse_int=_integer, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 at byte {error.start}"
    except RecursionError:
        reason = TOO_DEEP
    except ValueError as error:
        reason = f"not JSON: {error}" if data.strip() else "the document is empty"
    # Raised outside of the handlers, so that the document does not travel along in the error's context.
    raise Unreadable(_name(cls), (reason,))


def structure(cls: type[T], document: object) -> T:
    """Make a value of a type from plain values, or name everything that is wrong."""
    from cattrs import BaseValidationError

    try:
        return converter().structure(document, cls)
    except (BaseValidationError, KindError) as error:
        problems = tuple(_problems(error, ""))
    raise Unreadable(_name(cls), problems)


def too_deep(cls: Any) -> Unreadable:
    """The error for a value that is nested too deeply to be written."""
    return Unreadable(_name(cls), (TOO_DEEP,))


def _problems(error: Exception, path: str) -> Iterator[str]:
    from cattrs import ClassValidationError, IterableValidationError

    if isinstance(error, ClassValidationError):
        for inner, field in error.group_exceptions()[0]:
            yield from _problems(inner, f"{path}.{wire_name(field.name)}")
    elif isinstance(error, IterableValidationError):
        for inner, item in error.group_exceptions()[0]:
            yield from _problems(inner, f"{path}[{item.index}]")
    else:
        reason = "missing" if isinstance(error, KeyError) else str(error)
        yield f"{path.removeprefix('.') or 'document'}: {reason}"


def _integer(digits: str) -> int | float:
    """Read an integer. One too long for Python is no int, but may be in a field that nobody reads."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


def _no_number(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's reader takes for JSON."""
    raise ValueError(f"{constant} is no number")


def _name(cls: Any) -> str:
    items = get_args(cls)
    return f"a list of {items[0].__name__}" if items else cls.__name__

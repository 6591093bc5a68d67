"""Strings with HTML, CSS, JavaScript or control characters."""

import re
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

UNWELCOME = re.compile(r"<[a-z/!?]|\bjavascript:|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", re.IGNORECASE)
"""The beginning of a tag or a comment, and with it of a script or a style; and control characters, but for tabs and
ends of lines. `Computers > Laptops` and `< 5 kg` are plain text."""


def find_markup(content: object) -> Iterator[str]:
    """Find HTML, CSS, JavaScript and control characters in any string of a request."""
    for path in _find_markup(content):
        yield f"{path.removeprefix('.')}: should have no HTML, CSS, JavaScript or control characters"


def _find_markup(value: object) -> list[str]:
    """The paths of such strings, built only for those that are found."""
    paths: list[str] = []
    for name, part in _parts(value):
        if isinstance(part, str):
            if UNWELCOME.search(part):
                paths.append(_step(name))
        elif not isinstance(part, int | None):
            paths += [f"{_step(name)}{path}" for path in _find_markup(part)]
    return paths


def _parts(value: object) -> Iterable[tuple[str | int, object]]:
    """What a value contains, by name or index."""
    if isinstance(value, tuple):
        return enumerate(cast("tuple[object, ...]", value))
    return msgspec.structs.asdict(value).items() if isinstance(value, msgspec.Struct) else ()


def _step(name: str | int) -> str:
    return f".{name}" if isinstance(name, str) else f"[{name}]"

"""PostgreSQL's text holds every character but one."""

from typing import TypeVar, cast

T = TypeVar("T")

REPLACEMENT = "\ufffd"


def without_nul(value: T) -> T:
    """The same value, with each NUL character in its strings replaced."""
    if isinstance(value, str):
        return cast("T", value.replace("\0", REPLACEMENT))
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return cast("T", {without_nul(key): without_nul(item) for key, item in items})
    if isinstance(value, list):
        return cast("T", [without_nul(item) for item in cast("list[object]", value)])
    return value

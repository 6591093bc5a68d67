"""How a result is made from a 2xx answer."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from klarna_om import structuring
from klarna_om.errors import UnreadableAnswer
from klarna_om.exchange import Response

T = TypeVar("T")


def nothing(_: Response) -> None:
    """Read an answer whose status says it all. Klarna may add a body one day; it is ignored."""


def typed(cls: type[T]) -> Callable[[Response], T]:
    """Read a JSON document into a type."""

    def read(response: Response) -> T:
        try:
            return structuring.read(cls, response.body)
        except structuring.Unreadable as reason:
            raise UnreadableAnswer(f"{response.status}, but unreadable: {reason}", response) from reason

    return read


def created(header: str) -> Callable[[Response], str]:
    """Read the id of what was created: from its header, else from the last segment of `Location`."""

    def read(response: Response) -> str:
        location = response.headers.get("Location", "").partition("?")[0].rstrip("/")
        found = response.headers.get(header, "").strip() or location.rpartition("/")[2]
        if not found:
            raise UnreadableAnswer(
                f"{response.status}: Klarna did it, but the answer carries neither {header} nor Location;"
                f" read the order to find the id (headers: {dict(response.headers)})",
                response,
            )
        return found

    return read


def plain(response: Response) -> Any:
    """Read whatever JSON there is; None where there is no body."""
    try:
        return msgspec.json.decode(response.body) if response.body else None
    except msgspec.DecodeError as reason:
        raise UnreadableAnswer(f"{response.status}, but not JSON: {reason}", response) from reason

"""An endpoint as data: how it is asked, and how its answer is read."""

import contextvars
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from attrs import field, frozen

from klarna_om import structuring
from klarna_om.errors import InvalidRequest, UnreadableAnswer
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.middleware import Handler
from klarna_om.refusal import refusal

T = TypeVar("T")

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

heard: contextvars.ContextVar[list[Response] | None] = contextvars.ContextVar("klarna_om_heard", default=None)
"""Collects the answers of the calls made inside `klarna.reply(...)`."""


@frozen
class Operation(Generic[T]):
    """One row of the catalogue."""

    name: str
    method: str
    path: str
    """A template with one `{name}` for each id; also a route of aiohttp.web."""
    read: Callable[[Response], T]
    """Makes the result from a 2xx answer; raises `UnreadableAnswer` where that cannot be done."""
    takes: type | None = field(default=None)
    """The type of the request's body; None where none is sent."""

    async def send(
        self,
        handler: Handler,
        *,
        content: object = None,
        key: str | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        **ids: str,
    ) -> T:
        """Make one call through the stack."""
        request = Request(
            operation=self.name,
            method=self.method,
            path=self.path.format_map({name: segment(name, value) for name, value in ids.items()}),
            order_id=ids["order_id"],
            headers=headers if key is None else {**headers, KEY_HEADER: key},
            body=None if content is None else structuring.write(content),
            content=content,
        )
        return await answered(handler, request, self.read)


def free_request(
    method: str, path: str, content: object, headers: Mapping[str, str] | None, key: str | None
) -> Request:
    """A request that no row of the catalogue describes."""
    parts = urlsplit(path)
    if not path.startswith("/") or path.startswith("//") or parts.fragment or set(path) & set(" \r\n\t"):
        raise InvalidRequest((f"path: must start with one slash and be percent-encoded, got {path!r}",))
    return Request(
        operation=f"{method} {parts.path}",
        method=method,
        path=path,
        headers={**(headers or {}), **({} if key is None else {KEY_HEADER: key})},
        body=None if content is None else msgspec.json.encode(content),
    )


def plain(response: Response) -> Any:
    """Read whatever JSON there is; None where there is no body."""
    try:
        return msgspec.json.decode(response.body) if response.body else None
    except msgspec.DecodeError as reason:
        raise UnreadableAnswer(f"{response.status}, but not JSON: {reason}", response) from reason


async def answered(handler: Handler, request: Request, read: Callable[[Response], T]) -> T:
    """Send a request and read its answer, or raise what the answer stands for."""
    response = await handler(request)
    if response.status >= 300:
        raise refusal(response)
    if (replies := heard.get()) is not None:
        replies.append(response)
    return read(response)


def segment(name: str, value: str) -> str:
    """Quote an id into exactly one segment of a path; what cannot be one is refused here."""
    if not value or value.strip(".") == "":
        raise InvalidRequest((f"{name}: must not be empty or made of dots, got {value!r}",))
    return quote(value, safe="")


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

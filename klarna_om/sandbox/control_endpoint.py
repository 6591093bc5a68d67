"""One control endpoint: its route, what it does, and the function behind it; and JSON in and out."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from aiohttp import web
from attrs import frozen

ROOT = "/_sandbox"
"""Where the control endpoints are: no path of Klarna's begins with it."""

Handle = Callable[[web.Request], Awaitable[web.Response]]


class UnknownNameError(Exception):
    """There is no order, scenario or endpoint of this name: a 404 with what there is."""


@frozen
class Endpoint:
    """A row of the table of control endpoints."""

    method: str
    path: str
    """Below `/_sandbox`; empty for the index."""
    what: str
    """What it does, in words."""
    handle: Handle
    body: str = ""
    """An example of its body; empty for none."""

    @property
    def route(self) -> str:
        """The whole path."""
        return ROOT + self.path


def json_response(value: object, status: int = 200) -> web.Response:
    """A value as JSON."""
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


async def read_object(request: web.Request, what: str) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty one. `ValueError` states what is expected."""
    body = await request.read()
    try:
        value = msgspec.json.decode(body or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{what} is a JSON object: {error}") from None
    if not isinstance(value, dict):
        raise TypeError(f"{what} is a JSON object, not {body[:40].decode(errors='replace')}")
    return cast("dict[str, Any]", value)

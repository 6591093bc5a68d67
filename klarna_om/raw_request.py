"""A request that no row of the catalogue describes, and the names under which logs, spans and metrics know it.

Its path may hold anything, a person's address too. So what is shown of it are the method, the segments that the
catalogue knows, and the order's id where it is one.
"""

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from klarna_om.catalogue import CATALOGUE, ORDER
from klarna_om.errors import InvalidRequest
from klarna_om.exchange import KEY_HEADER, Request
from klarna_om.headers import is_writable, set_by_client, unwritable
from klarna_om.ids import is_uuid, normalize_id
from klarna_om.keys import normalize_key
from klarna_om.operation import key_problems

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")

RAW_REQUEST = "request"
"""The one label of all requests that are in no row of the catalogue."""

NAMES = frozenset(operation.name for operation in CATALOGUE)

_SEGMENTS = frozenset(segment for operation in CATALOGUE for segment in operation.path.split("/"))
_order_id = re.compile(re.escape(ORDER).replace(r"\{order_id\}", "([^/]+)") + "(?:/|$)").match


def raw_request(
    method: str, path: str, content: object, headers: Mapping[str, str] | None, key: str | UUID | None
) -> Request:
    """The request, or `InvalidRequest` where it cannot be sent."""
    own = headers or {}
    body, problems = _encode(content)
    problems += [*_route_problems(method, path), *key_problems(key), *_header_problems(own)]
    if problems:
        raise InvalidRequest(tuple(problems))
    plain = urlsplit(path).path
    return Request(
        operation=f"{method} {path_template(plain)}",
        method=method,
        path=path,
        order_id=_find_order_id(plain),
        headers={**own, **({} if key is None else {KEY_HEADER: cast("str", normalize_key(key))})},
        body=body,
    )


def path_template(path: str) -> str:
    """A path with `{}` in place of each segment that the catalogue does not know, and without its query."""
    segments = path.partition("?")[0].split("/")
    return "/".join(segment if segment in _SEGMENTS else "{}" for segment in segments)


def operation_label(operation: str) -> str:
    """An operation's name with few values and no id: that of the catalogue, else `request`."""
    return operation if operation in NAMES else RAW_REQUEST


def _encode(content: object) -> tuple[bytes | None, list[str]]:
    try:
        return None if content is None else msgspec.json.encode(content), []
    except (TypeError, ValueError):
        return None, ["content: cannot be written as JSON"]


def _route_problems(method: str, path: str) -> list[str]:
    problems: list[str] = []
    if method not in METHODS:
        problems.append(f"method: must be one of {', '.join(METHODS)}, got {method!r}")
    if not path.startswith("/") or path.startswith("//") or set(path) & set("# \r\n\t"):
        problems.append("path: must start with one slash and be percent-encoded, without blanks and fragment")
    return problems


def _header_problems(headers: Mapping[str, str]) -> list[str]:
    own = [f"headers: {name} is set by the client" for name in set_by_client(headers)]
    return own + [f"headers: {unwritable(name)}" for name, value in headers.items() if not is_writable(name, value)]


def _find_order_id(path: str) -> str | None:
    found = _order_id(path)
    return cast("str", normalize_id(found[1])) if found is not None and is_uuid(found[1]) else None

"""The shapes in which an error's details arrive: Klarna's, other services', HTML, empty, cut short."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, cast

import msgspec

from klarna_om.exchange import ErrorBody

MAX_MESSAGES = 20
MAX_MESSAGE = 1_000
"""Of the messages that an error carries: how many there are at most, and how many characters each has."""

MAX_BODY = 65_536
"""Bytes of a body in which details are looked for. Klarna's error objects have a few hundred."""

MAX_NESTING = 8
"""Levels of lists and objects in which messages are looked for."""

_MESSAGE_FIELDS = (
    *("error_messages", "error_message", "errors", "validation_errors", "internal_message"),  # Klarna's products
    *("message", "Message", "detail", "title", "error_description", "error"),  # gateways, RFC 7807 and 6749
)


def read_error_body(body: bytes) -> ErrorBody:
    """Read an error body of any shape; never fails.

    Klarna's own is `error_code` with `error_messages` (a list) or `error_message` (one string). Of other JSON the
    usual message fields are kept, of an HTML page its title. None of these has an `error_code`.
    """
    if len(body) > MAX_BODY:
        return ErrorBody(error_messages=_title(body))
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ErrorBody(error_messages=_title(body))
    if not isinstance(document, dict):
        return ErrorBody()
    fields = cast("dict[str, Any]", document)
    messages = dict.fromkeys(message[:MAX_MESSAGE] for message in _messages(fields))
    return ErrorBody(
        error_code=_string(fields.get("error_code")),
        error_messages=tuple(islice(messages, MAX_MESSAGES)),
        correlation_id=_string(fields.get("correlation_id")),
    )


def _messages(fields: dict[str, Any]) -> Iterator[str]:
    for name in _MESSAGE_FIELDS:
        yield from _strings(fields.get(name), MAX_NESTING)


def _strings(value: object, levels: int) -> Iterable[str]:
    """The strings of a message field: itself, the items of a list, or the message of an object in it."""
    if isinstance(value, str):
        return (value,) if value else ()
    if levels == 0:
        return ()
    if isinstance(value, list):
        return tuple(string for item in cast("list[object]", value) for string in _strings(item, levels - 1))
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return tuple(
            string
            for name in ("message", "error_message", "field", "path")
            for string in _strings(fields.get(name), levels - 1)
        )
    return ()


def _string(value: object) -> str | None:
    return value[:MAX_MESSAGE] if isinstance(value, str) and value else None


def _title(body: bytes) -> tuple[str, ...]:
    found = re.search(rb"<title>\s*([^<]{1,200}?)\s*</title>", body[:4096], re.IGNORECASE)
    return (found[1].decode("utf-8", "replace"),) if found else ()

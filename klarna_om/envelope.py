"""The shapes in which an error's details arrive: list, single message, foreign envelopes, HTML, empty, cut short."""

import re
from collections.abc import Iterable
from typing import Any, cast

import msgspec
from attrs import frozen


@frozen
class Envelope:
    """What could be read of an error's body. Act on `error_code` only; Klarna may reword messages at any time."""

    error_code: str | None = None
    error_messages: tuple[str, ...] = ()
    correlation_id: str | None = None


def read_envelope(body: bytes) -> Envelope:
    """Read an error body of any shape; never fails.

    Known shapes: `error_messages` (a list) or `error_message` (one text), with or without `service_version`; the
    `errors` / `validation_errors` of other Klarna products; `internal_message` of the old checkout; an HTML page
    of a gateway, of which the title is kept.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Envelope(error_messages=_title(body))
    if not isinstance(document, dict):
        return Envelope()
    fields = cast("dict[str, Any]", document)
    return Envelope(
        error_code=_text(fields.get("error_code")) or _text(fields.get("error_type")),
        error_messages=tuple(dict.fromkeys(_messages(fields))),
        correlation_id=_text(fields.get("correlation_id")),
    )


def _messages(fields: dict[str, Any]) -> Iterable[str]:
    for name in ("error_messages", "error_message", "errors", "validation_errors", "internal_message"):
        yield from _texts(fields.get(name))


def _texts(value: object) -> Iterable[str]:
    """The texts of a message field: itself, the items of a list, or the message of an object in it."""
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list):
        return tuple(text for item in cast("list[object]", value) for text in _texts(item))
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return tuple(
            text for name in ("message", "error_message", "field", "path") for text in _texts(fields.get(name))
        )
    return ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _title(body: bytes) -> tuple[str, ...]:
    found = re.search(rb"<title>\s*([^<]{1,200}?)\s*</title>", body[:4096], re.IGNORECASE)
    return (found[1].decode("utf-8", "replace"),) if found else ()

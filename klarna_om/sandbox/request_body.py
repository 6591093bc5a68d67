"""The body of a request: its size, its content type, its JSON and its limits."""

import msgspec
from aiohttp import web

from klarna_om.sandbox.account import Document
from klarna_om.sandbox.limits import LIMITS
from klarna_om.sandbox.responses import JSON
from klarna_om.sandbox.results import RefusedError
from klarna_om.sandbox.validation import Violations, validate

MAX_BODY_SIZE = 1_000_000
"""Bytes. Klarna refuses bodies above 1 MB; of the two meanings of a megabyte, this is the strict one."""


async def read_body(request: web.Request) -> bytes | None:
    """The body's bytes; None where there are too many."""
    try:
        body = await request.read() if request.body_exists else b""
    except web.HTTPRequestEntityTooLarge:
        return None
    return body if len(body) <= MAX_BODY_SIZE else None


def parse_body(operation: str, body: bytes, content_type: str) -> Document:
    """The body's validated fields; an operation that takes no body ignores it."""
    limits = LIMITS.get(operation)
    if limits is None:
        return {}
    if body and content_type != JSON:
        raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {JSON}.")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RefusedError(400, "BAD_VALUE", "Bad value: body") from None
    violations = Violations()
    fields: Document = validate(limits, value, "", violations)
    if violations.bad_values:
        raise RefusedError(400, "BAD_VALUE", f"Bad value: {', '.join(dict.fromkeys(violations.bad_values))}")
    if violations.broken_limits:
        raise RefusedError(422, "UNPROCESSABLE_ENTITY", *dict.fromkeys(violations.broken_limits))
    return fields

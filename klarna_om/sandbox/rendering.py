"""From an answer to the bytes of HTTP: Klarna's headers, its error envelope, and its gateway's web pages."""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

import msgspec
from aiohttp import web

from klarna_om.exchange import CORRELATION_HEADER
from klarna_om.sandbox.answers import Answer

JSON = "application/json"
_encode = msgspec.json.Encoder().encode

ERROR_CODES: Mapping[int, str] = {
    400: "BAD_VALUE",
    403: "NOT_ALLOWED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE_ENTITY",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    502: "TEMPORARILY_UNAVAILABLE",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "TEMPORARILY_UNAVAILABLE",
}
"""What Klarna's error page gives with each status, where a fault does not come from the ledger."""


def rendered(answer: Answer, quota: Mapping[str, str], origin: str) -> web.Response:
    """An answer with the ids of its exchange. Empty ones have no content type, as recorded."""
    correlation_id = str(uuid4())
    headers = {CORRELATION_HEADER: correlation_id, **quota}
    if answer.created is not None:
        headers["Location"] = origin + answer.created.path
        headers[answer.created.header] = answer.created.id
        headers["Transaction-Id"] = str(uuid4())  # undocumented, and on every recorded 201
    if answer.error_code:
        return web.Response(
            status=answer.status, headers=headers, body=_envelope(answer, correlation_id), content_type=JSON
        )
    if answer.document is not None:
        return web.Response(status=answer.status, headers=headers, body=_encode(answer.document), content_type=JSON)
    return web.Response(status=answer.status, headers=headers)


def _envelope(answer: Answer, correlation_id: str) -> bytes:
    return _encode(
        {
            "error_code": answer.error_code,
            "error_messages": answer.error_messages,
            "correlation_id": correlation_id,
        }
    )


def error(status: int, *messages: str) -> Answer:
    """An error with the code that Klarna's page gives with this status."""
    return Answer(status, error_code=ERROR_CODES.get(status, "UNEXPECTED_ERROR"), error_messages=messages)


def unauthorized() -> web.Response:
    """A 401 as recorded: a page of the gateway, before any service of Klarna's has seen the request."""
    return page(401, {"Www-Authenticate": 'Basic realm="sandbox"'})


def page(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """What a gateway or proxy says on its own: HTML, and no correlation id."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n"
    return web.Response(status=status, headers=headers, text=text, content_type="text/html")

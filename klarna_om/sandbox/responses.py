"""From a result to an HTTP response: Klarna's headers, its error envelope, and its gateway's HTML pages."""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

import msgspec
from aiohttp import web

from klarna_om.exchange import CORRELATION_HEADER
from klarna_om.sandbox.results import Result

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
"""The code that Klarna's error page lists for each status, for errors that do not come from the ledger."""


def build_response(result: Result, quota_headers: Mapping[str, str], origin: str) -> web.Response:
    """The response for a result. Empty ones have no content type, as recorded from Klarna."""
    correlation_id = str(uuid4())
    headers = {CORRELATION_HEADER: correlation_id, **quota_headers}
    if result.created is not None:
        headers["Location"] = origin + result.created.path
        headers[result.created.header] = result.created.id
        headers["Transaction-Id"] = str(uuid4())  # undocumented, and on every recorded 201
    if result.error_code:
        envelope = _encode_error(result, correlation_id)
        return web.Response(status=result.status, headers=headers, body=envelope, content_type=JSON)
    if result.document is not None:
        return web.Response(status=result.status, headers=headers, body=_encode(result.document), content_type=JSON)
    return web.Response(status=result.status, headers=headers)


def without_correlation_id(response: web.Response) -> web.Response:
    """The response as a proxy forwards it that drops the headers which it does not know."""
    del response.headers[CORRELATION_HEADER]
    return response


def _encode_error(result: Result, correlation_id: str) -> bytes:
    return _encode(
        {
            "error_code": result.error_code,
            "error_messages": result.error_messages,
            "correlation_id": correlation_id,
        }
    )


def error_result(status: int, *messages: str) -> Result:
    """An error with the code that Klarna's error page lists for this status."""
    return Result(status, error_code=ERROR_CODES.get(status, "UNEXPECTED_ERROR"), error_messages=messages)


def unauthorized_response() -> web.Response:
    """A 401 as recorded: a page of the gateway, before any service of Klarna's gets the request."""
    return html_page(401, {"Www-Authenticate": 'Basic realm="sandbox"'})


def html_page(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """The page of a gateway or proxy: HTML, and no correlation id."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n"
    return web.Response(status=status, headers=headers, text=text, content_type="text/html")

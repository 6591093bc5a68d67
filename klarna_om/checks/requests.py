"""Rules about a request as a whole."""

from collections.abc import Iterator

from klarna_om.exchange import Request
from klarna_om.ids import is_uuid
from klarna_om.types import ExtendDueDateRequest, UpdateAuthorization

MAX_BODY = 1_000_000
"""Bytes. Klarna documents 1 MB; if that means 1,048,576, this is the safe side of it."""


def find_oversized_body(request: Request) -> Iterator[str]:
    """Find a body that Klarna would answer with 413."""
    if request.body is not None and len(request.body) > MAX_BODY:
        yield f"body: must have at most {MAX_BODY} bytes, got {len(request.body)}"


def find_malformed_order_id(request: Request) -> Iterator[str]:
    """Find an order id that Klarna would answer with `INVALID_ORDER_ID`."""
    if request.order_id is not None and not is_uuid(request.order_id):
        yield "order_id: must be shaped like a UUID"


def find_missing_lines(content: UpdateAuthorization) -> Iterator[str]:
    """Find an authorization without lines. An empty list is intended, and passes."""
    if content.order_lines is None:
        yield "order_lines: must be there with all lines of the order; left out, the order loses those that it has"


def find_impossible_extension(content: ExtendDueDateRequest) -> Iterator[str]:
    """Find days that cannot be an option: no document defines from when they count, but none is ever negative or 0."""
    days = getattr(content, "number_of_days", None)
    if type(days) is int and days < 1:
        yield "number_of_days: must be one of the options that Klarna offers for the capture, so at least 1"

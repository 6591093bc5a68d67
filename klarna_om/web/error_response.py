"""What a web service answers where a call to Klarna failed: a status, and a body without personal data."""

import re
from collections.abc import Mapping
from math import ceil
from typing import Any

from attrs import frozen

from klarna_om.errors import (
    BadRequest,
    ConfigurationError,
    InvalidRequest,
    KeyExpired,
    KlarnaError,
    NoAnswer,
    NotFound,
    PayloadTooLarge,
    StatusError,
    Unauthorized,
    Unprocessable,
)
from klarna_om.outcome import ADVICE, Outcome
from klarna_om.raw_request import operation_label

RETRY_AFTER = 5
"""Seconds after which to come back, where it is not known how long it takes."""

_OURS = (ConfigurationError, Unauthorized)
"""What the service's own settings cause."""
_OF_THE_REQUEST = (InvalidRequest, BadRequest, PayloadTooLarge, Unprocessable)
_NOT_FOUND = (NotFound, LookupError)
_OF_THE_CALL = (NoAnswer, StatusError)
"""What may pass by itself, where nothing happened. Everything else stands until somebody changes something: a key or a
reference that is taken, whoever keeps it."""

_IN_DOUBT_OR_DONE = {Outcome.UNKNOWN: 504, Outcome.DONE: 500}

_is_code = re.compile(r"[A-Z][A-Z0-9_]{0,63}").fullmatch


@frozen
class ErrorResponse:
    """Ready to be sent as JSON."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


def error_response(error: KlarnaError) -> ErrorResponse:
    """Turn an error into an answer of your service, for any framework.

    | status | when | may the caller repeat it? |
    |---|---|---|
    | 500 | the service's settings or credentials; or Klarna did it and its answer could not be read (`done`) | no |
    | 422 | the request is wrong | no |
    | 404 | Klarna does not know the order, capture or refund, or the outbox the intent | no |
    | 409 | the order's state does not allow it; the key or reference is taken or too old | no |
    | 503 | nothing happened, and it may pass by itself | yes, after `Retry-After` |
    | 504 | it may have happened | only under the same idempotency key |

    The outcome goes before the kind of error: what may have happened is a 504, whatever answered last. The body has no
    message of Klarna's and no value of the request, only `error`, `error_code`, `outcome`, `operation` (`request` for
    `klarna.request(...)`), `order_id`, `correlation_id` and `advice`.
    """
    status = _status(error)
    code = error.error_code or ""
    body = {
        "error": type(error).__name__,
        "error_code": code if error.is_klarnas and _is_code(code) else None,
        "outcome": error.outcome.value,
        "operation": None if error.operation is None else operation_label(error.operation),
        "order_id": error.order_id,
        "correlation_id": error.correlation_id,
        "advice": _advice(error),
    }
    return ErrorResponse(status, body, _headers(status, error.retry_after))


def _advice(error: KlarnaError) -> str:
    """What to do, without the amounts that an advice about this order holds."""
    advice = error.what_to_do()
    return ADVICE[error.outcome] if advice == vars(error).get("advice") else advice


def _status(error: KlarnaError) -> int:
    if error.outcome in _IN_DOUBT_OR_DONE:
        return _IN_DOUBT_OR_DONE[error.outcome]
    if isinstance(error, _OURS):
        return 500
    if isinstance(error, _OF_THE_REQUEST):
        return 422
    if isinstance(error, _NOT_FOUND):
        return 404
    may_pass = isinstance(error, _OF_THE_CALL) and not isinstance(error, KeyExpired)
    return 503 if may_pass and error.outcome is Outcome.NOT_SENT else 409


def _headers(status: int, retry_after: float | None) -> dict[str, str]:
    """A 504 invites nobody to come back, unless Klarna did: it may have happened."""
    if retry_after is not None and status in (503, 504):
        return {"Retry-After": str(ceil(retry_after))}
    return {"Retry-After": str(RETRY_AFTER)} if status == 503 else {}

"""From an answer that is no success to its error: the only place where one is made."""

from msgspec.structs import replace

from klarna_om.answers.classification import classify
from klarna_om.errors import (
    BadRequest,
    Conflict,
    KlarnaError,
    NotAllowed,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
    Unauthorized,
    UnexpectedRedirect,
    Unprocessable,
    UnreadableAnswer,
    UnrecognizedAnswer,
)
from klarna_om.exchange import Classification, Response

_BY_STATUS: dict[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: NotAllowed,
    404: NotFound,
    408: RequestTimeout,
    409: Conflict,
    413: PayloadTooLarge,
    422: Unprocessable,
    429: RateLimited,
}

MAX_DETAILS = 2_000
"""Characters of an answer's messages that an error's own message repeats."""

_BY_STATUS_ALONE = (408, 429)
"""Statuses whose class states what to do, whoever answered."""


def error_from_response(response: Response) -> KlarnaError:
    """The error for an answer without a usable value."""
    classification = response.classification or classify(response)
    response, status = replace(response, classification=classification), response.status
    if response.is_2xx and classification.is_klarnas:
        return UnreadableAnswer(f"{status}, but unreadable: {classification.problem}", response)
    if not classification.is_klarnas and _is_a_strangers(status):
        return UnrecognizedAnswer(_message_of_stranger(response, classification), response)
    return class_of(status)(_message(response, classification), response)


def _is_a_strangers(status: int) -> bool:
    """Without a sign of Klarna's, does the status alone have no meaning? 511 is a portal's own."""
    is_known = 300 <= status < 400 or (500 <= status < 600 and status != 511) or status in _BY_STATUS_ALONE
    return not is_known


def class_of(status: int) -> type[StatusError]:
    """The class of a status; `StatusError` itself for one without a class."""
    if 300 <= status < 400:
        return UnexpectedRedirect
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, StatusError)


def _message(response: Response, classification: Classification) -> str:
    details = classification.error_body
    message = f"{response.status} {details.error_code}" if details.error_code else str(response.status)
    if 300 <= response.status < 400:
        location = response.headers.get("Location", "nowhere")[:200].encode("utf-8", "replace").decode()
        message += f" to {location}, which is not followed"
    text = " ".join(details.error_messages)[:MAX_DETAILS]
    text = text.removeprefix(f"{response.status} ")  # the title of a page has it too
    return f"{message}: {text}" if text else message


def _message_of_stranger(response: Response, classification: Classification) -> str:
    kind = response.headers.get("Content-Type", "no content type")[:80]
    problem = classification.problem or "Klarna's refusals have an error_code"
    details = ": ".join(filter(None, (kind, " ".join(classification.error_body.error_messages)[:MAX_DETAILS])))
    return f"{response.status} ({details}) does not look like Klarna's answer: {problem}"

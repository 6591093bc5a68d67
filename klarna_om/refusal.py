"""From an answer that is not 2xx to its error: the only place where one is made."""

from multidict import CIMultiDict

from klarna_om.envelope import Envelope, read_envelope
from klarna_om.errors import (
    BadRequest,
    Conflict,
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
)
from klarna_om.exchange import Response
from klarna_om.outcome import Outcome, of_call, of_repeat, of_status

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


def refusal(response: Response) -> StatusError:
    """The error that an answer of another status than 2xx stands for."""
    envelope = read_envelope(response.body)
    error = class_of(response.status)(
        _message(response.status, envelope), response.status, envelope, CIMultiDict(response.headers)
    )
    error.about(response.request)
    error.correlation_id = response.correlation_id or envelope.correlation_id
    error.attempts, error.stopped = response.attempts, response.stopped
    error.retry_after = response.retry_after
    error.outcome = _outcome(response, envelope.error_code)
    return error


def _outcome(response: Response, error_code: str | None) -> Outcome:
    request, outcome = response.request, of_status(response.status)
    if not request.is_write:
        return outcome
    attempts = (attempt.outcome for attempt in response.attempts[:-1])
    call = of_call(attempts, outcome, response.status, error_code)
    return of_repeat(request.earlier, call, response.status, error_code)


def class_of(status: int) -> type[StatusError]:
    """The class of a status; `StatusError` itself for one that has none of its own."""
    if 300 <= status < 400:
        return UnexpectedRedirect
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, StatusError)


def _message(status: int, envelope: Envelope) -> str:
    told = f"{status} {envelope.error_code}" if envelope.error_code else str(status)
    return f"{told}: {' '.join(envelope.error_messages)}" if envelope.error_messages else told

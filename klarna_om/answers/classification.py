"""Who answered, and what does the answer show about the effect? Decided once for each answer, in the transport.

An answer is Klarna's when it looks like Klarna's: a success by what the operation's row expects (`answers.expected`), a
refusal by its `error_code`, or by the `Klarna-Correlation-Id` that Klarna's own servers send. Two statuses are known
without either: 401, which Klarna's gateway answers with a web page, and a 429 with the quota's headers. Whatever else
answers, a firewall, a portal, another service, shows nothing about the effect: UNKNOWN.
"""

import re
from collections.abc import Mapping

from klarna_om.answers.error_body import read_error_body
from klarna_om.answers.expected import AnyAnswer, NotKlarnasError, UnreadableError
from klarna_om.exchange import Classification, ErrorBody, Expected, Request, Response
from klarna_om.outcome import Outcome
from klarna_om.rate_limit import LIMIT

_is_error_code = re.compile(r"[A-Z][A-Z0-9_]*").fullmatch

_DONE = Classification(Outcome.DONE, is_success=True)

_ANY = AnyAnswer()


def classify(response: Response) -> Classification:
    """What an answer that was read to its end means."""
    if response.is_2xx:
        return _success(response, response.request.expects or _ANY)
    body = read_error_body(response.body)
    is_klarnas = _is_klarnas_error(response, body)
    outcome = _outcome(response.status) if is_klarnas else Outcome.UNKNOWN
    return Classification(outcome, is_klarnas, error_body=body)


def outcome_of_head(request: Request, status: int, headers: Mapping[str, str]) -> Outcome:
    """What status and headers of an answer show, when its body was lost."""
    head = Response(request, status, headers, b"")
    if head.is_2xx:
        return Outcome.DONE if (request.expects or _ANY).is_proved_by(head) else Outcome.UNKNOWN
    return _outcome(status) if _is_klarnas_error(head, ErrorBody()) else Outcome.UNKNOWN


def _success(response: Response, expects: Expected[object]) -> Classification:
    try:
        value = expects.read(response)
    except NotKlarnasError as reason:
        details = read_error_body(response.body)
        return Classification(Outcome.UNKNOWN, is_klarnas=False, problem=str(reason), error_body=details)
    except UnreadableError as reason:
        return Classification(Outcome.DONE, is_success=True, problem=str(reason))
    return _DONE if value is None else Classification(Outcome.DONE, is_success=True, value=value)


def _is_klarnas_error(response: Response, body: ErrorBody) -> bool:
    if response.status == 401 or (response.status == 429 and LIMIT in response.headers):
        return True
    has_code = body.error_code is not None and _is_error_code(body.error_code) is not None
    return has_code or response.is_signed


def _outcome(status: int) -> Outcome:
    """What the status of Klarna's refusal shows.

    A 429 is refused before acting. A 408, a redirect and a 5xx prove nothing: the work may be done.
    """
    if status == 429:
        return Outcome.NOT_SENT
    if status < 400 or status == 408 or status >= 500:
        return Outcome.UNKNOWN
    return Outcome.REFUSED

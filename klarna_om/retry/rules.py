"""Which results are tried again: the table, exported as `RETRY_RULES`. The first row that applies decides."""

from collections.abc import Callable

from attrs import frozen

from klarna_om.errors import (
    AnswerCut,
    AnswerTimeout,
    CertificateRejected,
    ClientClosed,
    ConnectionFailed,
    ConnectionLost,
    KeyExpired,
    MiddlewareFailed,
    NoAnswer,
    QueueTimeout,
    SessionFailed,
)
from klarna_om.exchange import Request, Response
from klarna_om.outcome import Outcome

Result = Response | NoAnswer
"""How an attempt ended."""

Applies = Callable[[Request, Result], bool]


NEVER = 0
COST = 5
TIMEOUT_COST = 10
"""A time-out costs double: it has also held a place for long. The numbers are botocore's."""


@frozen
class RetryRule:
    """One row: what it applies to, whether that is tried again, what a retry costs of the budget, and why."""

    name: str
    applies: Applies
    cost: int
    """Tokens of the retry budget that a retry takes; `NEVER` where there is none."""
    reason: str

    @property
    def is_retried(self) -> bool:
        """Is the call tried again after such a result?"""
        return self.cost != NEVER


def _status(*statuses: int) -> Applies:
    """An answer of one of these statuses, whether it came whole or was cut."""
    return lambda _, result: isinstance(result, Response | AnswerCut) and result.status in statuses


def _not_klarnas(_: Request, result: Result) -> bool:
    """An answer of somebody else, whole or cut: a 2xx or 4xx that does not look like Klarna's."""
    if isinstance(result, AnswerCut):
        return result.outcome is Outcome.UNKNOWN
    return isinstance(result, Response) and result.classification is not None and not result.classification.is_klarnas


def _silence(kind: type[NoAnswer]) -> Applies:
    return lambda _, result: isinstance(result, kind)


def _success(_: Request, result: Result) -> bool:
    return isinstance(result, Response) and result.is_success


def _cut_success(_: Request, result: Result) -> bool:
    return isinstance(result, AnswerCut) and result.outcome is Outcome.DONE


def _anything(_: Request, __: Result) -> bool:
    return True


def _write_without_key(request: Request, _: Result) -> bool:
    return request.is_write and request.idempotency_key is None


RETRY_RULES: tuple[RetryRule, ...] = (
    RetryRule("success", _success, NEVER, "it is done"),
    RetryRule("write without a key", _write_without_key, NEVER, "it could happen twice"),
    RetryRule("certificate rejected", _silence(CertificateRejected), NEVER, "it will be rejected again"),
    RetryRule("connection failed", _silence(ConnectionFailed), COST, "nothing was sent"),
    RetryRule("no answer in time", _silence(AnswerTimeout), TIMEOUT_COST, "the key makes the repeat safe"),
    RetryRule("connection lost", _silence(ConnectionLost), COST, "the key makes the repeat safe"),
    RetryRule("no place in time", _silence(QueueTimeout), NEVER, "the limit is the caller's own"),
    RetryRule("key expired", _silence(KeyExpired), NEVER, "under it the call could be executed again"),
    RetryRule("middleware failed", _silence(MiddlewareFailed), NEVER, "your own code would fail again"),
    RetryRule("client closed", _silence(ClientClosed), NEVER, "it sends nothing any more"),
    RetryRule("session failed", _silence(SessionFailed), NEVER, "the session's own code raised it, and may again"),
    RetryRule("success, cut", _cut_success, COST, "the repeat gets the first answer again"),
    RetryRule("408", _status(408), TIMEOUT_COST, "the server did not get the request in time"),
    RetryRule("429", _status(429), COST, "refused before acting; waits as long as the answer asks"),
    RetryRule("5xx", _status(*range(500, 600)), COST, "Klarna's policy: retry with the key"),
    RetryRule("redirect", _status(*range(300, 400)), NEVER, "Klarna's policy: never retry a 3xx"),
    RetryRule("401", _status(401), NEVER, "the credentials are rejected again"),
    RetryRule(
        "not Klarna's answer", _not_klarnas, COST, "it shows nothing of the effect; the key makes the repeat safe"
    ),
    RetryRule("refused by Klarna", _status(*range(400, 500)), NEVER, "the same request is refused again"),
    RetryRule("anything else", _anything, NEVER, "nothing shows that a repeat helps"),
)
"""https://docs.klarna.com/api/escalation-and-retry-policy"""


def rule_for(request: Request, result: Result) -> RetryRule:
    """The first row that applies."""
    return next(rule for rule in RETRY_RULES if rule.applies(request, result))

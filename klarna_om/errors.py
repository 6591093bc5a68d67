"""What can go wrong, as one tree. `error.outcome` says what is known of the effect.

    KlarnaError
    ├── ConfigurationError        credentials, environment or options that cannot work      NOT_SENT
    ├── InvalidRequest            Klarna would refuse it; `problems` lists every reason     NOT_SENT
    ├── IdempotencyKeyReused      one key for two different requests                        NOT_SENT
    ├── ReferenceTaken            the shop's reference stands for another amount at Klarna  NOT_SENT
    ├── NoAnswer                  silence: no usable answer came
    │   ├── ClientClosed          used after close, or in another event loop                NOT_SENT
    │   ├── QueueTimeout          no place in the rate limit or the pool in time            NOT_SENT
    │   ├── ConnectionFailed      no connection: refused, DNS, TLS handshake                NOT_SENT
    │   │   └── CertificateRejected   the server is not who it says                         NOT_SENT
    │   ├── AnswerTimeout         sent, and no answer began in time                         UNKNOWN
    │   ├── ConnectionLost        sent, and the connection broke before an answer           UNKNOWN
    │   └── AnswerCut             an answer began and broke off                  by its status line
    ├── StatusError               Klarna answered with another status than 2xx
    │   ├── UnexpectedRedirect    3xx; never followed                                       UNKNOWN
    │   ├── BadRequest            400                                                       REFUSED
    │   ├── Unauthorized          401; check credentials and environment                    REFUSED
    │   ├── NotAllowed            403; the order's state does not permit it                 REFUSED
    │   ├── NotFound              404; no such order, capture or refund                     REFUSED
    │   ├── RequestTimeout        408                                                       UNKNOWN
    │   ├── Conflict              409                                                       REFUSED
    │   ├── PayloadTooLarge       413                                                       REFUSED
    │   ├── Unprocessable         422                                                       REFUSED
    │   ├── RateLimited           429; `retry_after` says when to come back                 NOT_SENT
    │   └── ServerError           5xx                                                       UNKNOWN
    └── UnreadableAnswer          2xx, and the body or the id could not be read             DONE

The outcomes are those of a single attempt. An error speaks for all attempts of its call: where an earlier one may
have had its effect, a later 403 or 429 does not make the call REFUSED or NOT_SENT; it stays UNKNOWN.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from multidict import CIMultiDict

from klarna_om.envelope import Envelope
from klarna_om.exchange import Attempt, Request, Response
from klarna_om.outcome import ADVICE, Outcome, of_status


class KlarnaError(Exception):
    """Anything this library raises. `str(error)` starts with Klarna's correlation id; `explain()` tells it all."""

    outcome: Outcome = Outcome.NOT_SENT
    """What is known of the effect."""
    operation: str | None = None
    """The operation's name, such as `captures.create`."""
    order_id: str | None = None
    idempotency_key: str | None = None
    """Pass it again as `idempotency_key=` to repeat the call safely."""
    retry_until: datetime | None = None
    """Until when that key keeps its promise: 24 hours after its first use."""
    correlation_id: str | None = None
    """Klarna's name for the exchange; quote it to their support."""
    attempts: tuple[Attempt, ...] = ()
    """Every attempt in order, with cause and delay."""
    stopped: str = ""
    """Why no further attempt was made."""
    advice: str | None = None
    """What to do now, where the outcome alone does not tell it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def elapsed(self) -> float:
        """Seconds from the first attempt to the last answer, waits between them included."""
        return sum(attempt.elapsed + (attempt.delay or 0.0) for attempt in self.attempts)

    def about(self, request: Request) -> None:
        """Say which call this is about. Nothing secret is kept: no header but the key, no body."""
        self.operation = request.operation
        self.order_id = request.order_id
        self.idempotency_key = request.idempotency_key
        if request.retry_until is not None:
            self.retry_until = datetime.fromtimestamp(request.retry_until, UTC)

    def __str__(self) -> str:
        if self.operation is None:
            return self.message
        order = f" {self.order_id}" if self.order_id else ""
        return (
            f"[{self.correlation_id or 'no correlation id'}] {self.operation}{order}: "
            f"{self.message} ({', '.join(self._circumstances())})"
        )

    def _circumstances(self) -> list[str]:
        words = [f"outcome {self.outcome}"]
        if len(self.attempts) > 1:
            words.append(f"{len(self.attempts)} attempts in {self.elapsed:.1f} s")
        if self.idempotency_key:
            words.append(f"idempotency key {self.idempotency_key}")
        return words

    def explain(self) -> str:
        """The whole story for a person: each attempt, the retry rule that fired, why it stopped, what to do now."""
        lines = [str(self)]
        for attempt in self.attempts:
            then = "" if attempt.delay is None else f"; waited {attempt.delay:.3f} s"
            lines.append(
                f"  attempt {attempt.number}: {attempt.cause} after {attempt.elapsed:.3f} s"
                f" [{attempt.correlation_id or 'no correlation id'}] outcome {attempt.outcome}"
                f" (rule: {attempt.rule or 'none'}{then})"
            )
        if self.stopped:
            lines.append(f"  stopped: {self.stopped}")
        lines.append(f"  now: {self._advice()}")
        return "\n".join(lines)

    def _advice(self) -> str:
        """What to do now."""
        if self.outcome is Outcome.UNKNOWN and self.idempotency_key:
            until = f" until {self.retry_until:%Y-%m-%d %H:%M:%S} UTC" if self.retry_until else ""
            return f"it may have happened; repeat it with the same idempotency key{until}, or read the order back"
        if self.advice is not None and self.outcome in (Outcome.NOT_SENT, Outcome.REFUSED):
            return self.advice
        if self.outcome is Outcome.DONE and self.idempotency_key is None:
            return "Klarna answered, and the answer could not be read; the body is of another kind than expected"
        return ADVICE[self.outcome]

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.__dict__)


def _rebuild(cls: type[KlarnaError], message: str, state: dict[str, Any]) -> KlarnaError:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class ConfigurationError(KlarnaError):
    """Credentials, environment or options that cannot work. The message says what to set."""

    advice = "nothing was sent; mend the settings"


class InvalidRequest(KlarnaError):
    """Klarna is sure to refuse this request, so it was not sent."""

    advice = "nothing was sent; mend the request before calling again"

    problems: tuple[str, ...] = ()
    """Every problem: the field's path and the rule it breaks."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("not sent: " + "; ".join(problems))
        self.problems = problems


class IdempotencyKeyReused(KlarnaError):
    """The key was used for another request within 24 hours.

    Klarna compares only keys: it would ignore this request and return the first one's answer, so it was not sent.
    """

    advice = "nothing was sent; give this request a key of its own"


class ReferenceTaken(KlarnaError):
    """Klarna has a capture or refund under this reference, for another amount (`capture_once`, `refund_once`)."""

    advice = "this call made nothing; give each intent a reference of its own"


class NoAnswer(KlarnaError):
    """Silence: no usable answer came."""

    outcome = Outcome.UNKNOWN


class ClientClosed(NoAnswer):
    """The client was closed, or is used in another event loop than its own. Nothing was sent after that.

    A call that was under way when it was closed may have been sent: its `outcome` is UNKNOWN.
    """

    advice = "nothing was sent; make a new client, in this event loop"

    outcome = Outcome.NOT_SENT


class QueueTimeout(NoAnswer):
    """No place in the merchant's rate limit or in the connection pool within `queue_timeout`."""

    outcome = Outcome.NOT_SENT


class ConnectionFailed(NoAnswer):
    """No connection was made (refused, unknown host, TLS handshake), so nothing was sent."""

    outcome = Outcome.NOT_SENT


class CertificateRejected(ConnectionFailed):
    """The server's certificate does not prove its name. Not retried."""


class AnswerTimeout(NoAnswer):
    """The request may have been sent, and no answer came within `attempt_timeout` or what was left of the total."""


class ConnectionLost(NoAnswer):
    """The connection broke after the request may have been sent and before an answer."""


class AnswerCut(NoAnswer):
    """An answer began and broke off; `status` is what its first line said, and it decides the outcome."""

    def __init__(self, message: str, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.outcome = of_status(status)
        self.correlation_id = headers.get("Klarna-Correlation-Id")


class StatusError(KlarnaError):
    """Klarna answered, and not with 2xx. Decide by the class or by `error_code`; messages change."""

    retry_after: float | None = None
    """Seconds after which to come back, where the answer said so (429 and 503)."""

    def __init__(self, message: str, status: int, envelope: Envelope, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = envelope.error_code
        """Klarna's code, such as `CAPTURE_NOT_ALLOWED`; None where the body had none."""
        self.error_messages = envelope.error_messages
        self.headers = headers


class UnexpectedRedirect(StatusError):
    """3xx. Never followed: a followed redirect would turn a POST into a GET and report its success."""


class BadRequest(StatusError):
    """400: the request is malformed, for example an order id that is not a UUID (`INVALID_ORDER_ID`)."""


class Unauthorized(StatusError):
    """401: check username and password or the API key, and that they belong to this environment."""

    advice = "nothing happened at Klarna; check the credentials, and that they belong to this environment"


class NotAllowed(StatusError):
    """403: the order's state does not permit it (`CAPTURE_NOT_ALLOWED`, `CANCEL_NOT_ALLOWED`, ...)."""


class NotFound(StatusError):
    """404: no such order, capture or refund for this merchant in this environment."""


class RequestTimeout(StatusError):
    """408: the server gave up waiting for the request."""


class Conflict(StatusError):
    """409: it conflicts with the order's current state, or with a call that is still under way."""


class PayloadTooLarge(StatusError):
    """413: the body is larger than Klarna accepts (1 MB)."""


class Unprocessable(StatusError):
    """422: a field's value is not accepted; `error_messages` name it."""


class RateLimited(StatusError):
    """429: the merchant's quota is used up. Turned away before acting."""


class ServerError(StatusError):
    """5xx: the work may or may not be done."""


class UnreadableAnswer(KlarnaError):
    """Klarna answered 2xx and the answer could not be read. For a write that means: it happened."""

    outcome = Outcome.DONE

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.status = response.status
        self.headers: Mapping[str, str] = CIMultiDict(response.headers)
        self.correlation_id = response.correlation_id
        self.attempts = response.attempts
        self.about(response.request)

"""What every error of this library carries, and how it is shown. The kinds of errors are in `klarna_om.errors`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from attrs import asdict
from multidict import CIMultiDict

from klarna_om.exchange import Attempt, Request, Response
from klarna_om.keys import RandomKey
from klarna_om.outcome import ADVICE, Outcome

MAX_BODY = 65_536
"""Bytes of an answer that an error keeps."""


class KlarnaError(Exception):
    """Anything this library raises. `str(error)` starts with Klarna's correlation id; `explain()` lists every attempt.

    Each attribute is on every error, None or empty where it does not apply.
    """

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
    status: int | None = None
    """The HTTP status of the last answer."""
    error_code: str | None = None
    """Klarna's code, such as `CAPTURE_NOT_ALLOWED`."""
    error_messages: tuple[str, ...] = ()
    """The messages of the answer, Klarna's or another service's; at most 20, of 1,000 characters each."""
    headers: Mapping[str, str] = MappingProxyType({})
    """Of the last answer; case-insensitive."""
    body: bytes = b""
    """The first 64 KiB of the last answer. It may hold personal data: it is never logged, and in no `str` or `repr`."""
    retry_after: float | None = None
    """Seconds after which to call again, where the answer has them (429 and 503)."""
    problems: tuple[str, ...] = ()
    """What is wrong with the request: each field's path and the rule it breaks."""
    is_klarnas: bool = True
    """False when the last answer does not look like Klarna's, also where its class goes by the status (429, 5xx)."""
    attempts: tuple[Attempt, ...] = ()
    """Every attempt in order, with cause and delay."""
    stopped: str = ""
    """Why no further attempt was made."""
    advice: str | None = None
    """What to do now, where it does not follow from the outcome."""

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
        key = request.idempotency_key
        self.idempotency_key = str.__str__(key) if isinstance(key, RandomKey) else key
        if request.retry_until is not None:
            self.retry_until = datetime.fromtimestamp(request.retry_until, UTC)

    def add_notes(self) -> None:
        """Put the ids into `__notes__`, which tracebacks and error trackers show."""
        ids = {"Klarna-Correlation-Id": self.correlation_id, "Klarna-Idempotency-Key": self.idempotency_key}
        note = ", ".join(f"{name}: {value}" for name, value in ids.items() if value)
        if note and note not in getattr(self, "__notes__", ()):
            self.add_note(note)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the body and the headers as plain values, for a structured log or a queue."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "outcome": self.outcome.value,
            "operation": self.operation,
            "order_id": self.order_id,
            "idempotency_key": self.idempotency_key and str(self.idempotency_key),
            "retry_until": self.retry_until.isoformat() if self.retry_until else None,
            "correlation_id": self.correlation_id,
            "status": self.status,
            "error_code": self.error_code,
            "error_messages": list(self.error_messages),
            "retry_after": self.retry_after,
            "problems": list(self.problems),
            "attempts": [{**asdict(attempt), "outcome": attempt.outcome.value} for attempt in self.attempts],
            "elapsed": self.elapsed,
            "stopped": self.stopped,
            "advice": self.what_to_do(),
        }

    def __str__(self) -> str:
        if self.operation is None:
            return self.message
        order = f" {self.order_id}" if self.order_id else ""
        return (
            f"[{self.correlation_id or 'no correlation id'}] {self.operation}{order}: "
            f"{self.message} ({', '.join(self._circumstances())})"
        )

    def _circumstances(self) -> list[str]:
        details = [f"outcome {self.outcome}"]
        if len(self.attempts) > 1:
            details.append(f"{len(self.attempts)} attempts in {self.elapsed:.1f} s")
        if self.idempotency_key:
            details.append(f"idempotency key {self.idempotency_key}")
        return details

    def explain(self) -> str:
        """All of it for a person: each attempt, the retry rule that applied, why it stopped, what to do now."""
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
        lines.append(f"  now: {self.what_to_do()}")
        return "\n".join(lines)

    def what_to_do(self) -> str:
        """What to do now."""
        if self.outcome is Outcome.UNKNOWN and self.idempotency_key:
            until = f" until {self.retry_until:%Y-%m-%d %H:%M:%S} UTC" if self.retry_until else ""
            return f"it may have happened; repeat it with the same idempotency key{until}, or read the order back"
        is_about_this_error = "advice" in vars(self)  # and not about its kind, which is known for definite outcomes
        if self.advice is not None and (is_about_this_error or self.outcome in (Outcome.NOT_SENT, Outcome.REFUSED)):
            return self.advice
        if self.outcome is Outcome.DONE and self.idempotency_key is None:
            return "Klarna answered, and the answer could not be read; the body is of another kind than expected"
        return ADVICE[self.outcome]

    def take(self, response: Response) -> None:
        """Keep the facts of an answer."""
        self.about(response.request)
        self.status = response.status
        self.headers = CIMultiDict(response.headers)
        self.body = response.body[:MAX_BODY]
        self.attempts, self.stopped, self.retry_after = response.attempts, response.stopped, response.retry_after
        self.correlation_id = response.correlation_id
        if response.classification is not None:
            details = response.classification.error_body
            self.outcome = response.classification.outcome
            self.is_klarnas = response.classification.is_klarnas
            self.error_code, self.error_messages = details.error_code, details.error_messages
            self.correlation_id = self.correlation_id or details.correlation_id

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.__dict__)


def _rebuild(cls: type[KlarnaError], message: str, state: dict[str, Any]) -> KlarnaError:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error

"""One call for one row: how it is made, and what its result means for the row, the job and Klarna's health."""

from typing import Protocol

from attrs import evolve, frozen

from klarna_om.batch.journal import Row
from klarna_om.batch.states import State, state_after
from klarna_om.errors import (
    ClientClosed,
    ConnectionFailed,
    IdempotencyKeyReused,
    InvalidRequest,
    KeyExpired,
    KlarnaError,
    QueueTimeout,
    RateLimited,
    ReferenceTaken,
    RequestTimeout,
    ServerError,
    StatusError,
    Unauthorized,
    UnexpectedRedirect,
    UnrecognizedAnswer,
)
from klarna_om.keys import Key
from klarna_om.outcome import Outcome
from klarna_om.workflows.send_write import is_settled_by_reading
from klarna_om.workflows.writes import ONCE

MAX_DETAIL = 500
"""Characters of an error's message, or of another server's text, that a journal keeps of a call."""


@frozen
class SendResult:
    """Klarna's answer to a call that succeeded."""

    status: int
    correlation_id: str | None = None
    attempts: int = 1
    result_id: str | None = None
    """The id of the capture or refund."""


class Sender(Protocol):
    """What a job does for each row; raises `KlarnaError` where it does not succeed."""

    async def __call__(self, row: Row, key: Key) -> SendResult:
        """Make the write of this row once, under this key."""
        ...


@frozen
class CallResult:
    """The result of a call."""

    state: State | None
    """The row's new state; None where nothing was learned and it is called again."""
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    attempts: int = 1
    detail: str = ""
    has_failed: bool | None = None
    """Is Klarna unhealthy? None where the call does not show it."""
    error: KlarnaError | None = None
    delay: float = 0.0
    """Seconds to wait, as Klarna asks."""
    result_id: str | None = None
    """The id of the capture or refund."""

    @property
    def is_fatal(self) -> bool:
        """No later try can succeed until a person has fixed something: credentials, settings, this program.

        What was not sent is tried again only for temporary reasons: the network, the rate limit, a queue, a key that
        has just expired.
        """
        if isinstance(self.error, Unauthorized | ClientClosed):
            return True
        temporary = ConnectionFailed | RateLimited | QueueTimeout | KeyExpired
        return self.state is None and not isinstance(self.error, temporary)

    @property
    def is_unsent(self) -> bool:
        """Is it certain that no attempt of it left this machine? A 429 shows that one did."""
        error = self.error
        return (
            error is not None
            and self.state is None
            and error.status is None
            and all(attempt.status is None for attempt in error.attempts)
        )

    @property
    def is_refusal(self) -> bool:
        """Klarna itself refused, whether or not that settles the row."""
        return self.has_failed is False and self.state is not State.DONE

    @property
    def is_unrecognized(self) -> bool:
        """The answer is not Klarna's: a firewall, a portal, another service, or a redirect to one."""
        if isinstance(self.error, RateLimited):
            return not self.error.is_klarnas
        return bool(self.has_failed) and isinstance(self.error, UnrecognizedAnswer | UnexpectedRedirect)

    @property
    def can_be_settled(self) -> bool:
        """May a later repeat bring another answer? What Klarna itself refused stays refused, except after a 409."""
        return self.state is State.UNKNOWN and (not self.is_refusal or self.status == 409)


async def call(sender: Sender, row: Row, key: Key, operation: str, *, in_doubt: bool) -> CallResult:
    """Make a call and return its result. `in_doubt`: the row may have been sent before."""
    try:
        sent = await sender(row, key)
    except KlarnaError as error:
        return _result_for_row(error, operation, in_doubt=in_doubt)
    return CallResult(
        state=State.DONE,
        status=sent.status,
        correlation_id=sent.correlation_id,
        attempts=sent.attempts,
        result_id=sent.result_id,
        has_failed=False,
    )


def _result_for_row(error: KlarnaError, operation: str, *, in_doubt: bool) -> CallResult:
    """As `result_of_error`, with what the functions know that read the order around a write."""
    result = result_of_error(error, in_doubt=in_doubt and not is_settled_by_reading(operation, error))
    if isinstance(error, _ABOUT_THE_ROW) and result.state is None:
        state = State.UNKNOWN if in_doubt else State.REFUSED
        return evolve(result, state=state, has_failed=None)  # it says nothing about Klarna
    if wrote_nothing(operation, error) and not in_doubt:
        if is_refusal(error):
            return evolve(result, state=State.REFUSED)  # Klarna does not show the order, so nothing was written
        if isinstance(error, QueueTimeout):
            return evolve(result, state=None)  # it waited for its place with the read before the write
    return result


_ABOUT_THE_ROW = (InvalidRequest, ReferenceTaken, IdempotencyKeyReused)
"""What is never sent, because of what the row asks for."""

_NO_REFUSAL = (RateLimited, RequestTimeout, ServerError, Unauthorized, UnexpectedRedirect)
"""Answers that do not refuse the request itself."""


def wrote_nothing(operation: str, error: KlarnaError) -> bool:
    """Did this call send nothing that could have an effect? A read before the write failed, or nothing got through."""
    failed_read = operation in ONCE and error.operation != operation
    was_rejected = isinstance(error, Unauthorized) and error.outcome is Outcome.REFUSED
    return failed_read or was_rejected or error.outcome is Outcome.NOT_SENT


def is_refusal(error: KlarnaError) -> bool:
    """Is it Klarna's own refusal of the request?"""
    return isinstance(error, StatusError) and error.is_klarnas and not isinstance(error, _NO_REFUSAL)


def result_of_error(error: KlarnaError, *, in_doubt: bool) -> CallResult:
    """The result of a call that raised this error."""
    is_rejected = isinstance(error, Unauthorized) and error.outcome is Outcome.REFUSED
    return CallResult(
        # A 401 is not about the order: the row stays as it is until the credentials are right.
        state=None if is_rejected else state_after(error.outcome, error.status, error.error_code, in_doubt=in_doubt),
        status=error.status,
        error_code=error.error_code,
        correlation_id=in_one_line(error.correlation_id) if error.correlation_id else None,
        attempts=len(error.attempts) or 1,
        detail=in_one_line(error.message),
        has_failed=_has_failed(error),
        error=error,
        delay=error.retry_after or 0.0,
    )


def _has_failed(error: KlarnaError) -> bool | None:
    """Does an error show that Klarna is unhealthy? None where it does not show it."""
    if isinstance(error, QueueTimeout | KeyExpired):
        return None
    if isinstance(error, StatusError) and not isinstance(error, RateLimited | RequestTimeout | Unauthorized):
        # This 4xx is Klarna's own (others are an `UnrecognizedAnswer`), so Klarna works, whatever came before.
        return not 400 <= (error.status or 0) < 500
    return error.outcome in (Outcome.UNKNOWN, Outcome.NOT_SENT)


def in_one_line(text: str) -> str:
    """Make text from a server safe: one line, without control characters, at most `MAX_DETAIL` characters."""
    line = "".join(character if character.isprintable() else " " for character in text[: 2 * MAX_DETAIL])
    line = " ".join(line.split())
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 3] + "..."

"""One call for one row: how it is made, and what its end means for the row, the job and Klarna's health."""

from typing import Protocol

from attrs import frozen

from klarna_om.batch.states import State, after
from klarna_om.errors import (
    ClientClosed,
    ConnectionFailed,
    KeyExpired,
    KlarnaError,
    QueueTimeout,
    RateLimited,
    RequestTimeout,
    StatusError,
    Unauthorized,
    UnexpectedRedirect,
    UnrecognizedAnswer,
)
from klarna_om.outcome import Outcome

MAX_DETAIL = 500
"""Characters of an error's message, or of another server's words, that a journal keeps of a call."""


@frozen
class Sent:
    """Klarna's answer to a call that succeeded."""

    status: int
    correlation_id: str | None = None
    attempts: int = 1


class Send(Protocol):
    """What a job does for each row; raises `KlarnaError` where it does not succeed."""

    async def __call__(self, order_id: str, key: str) -> Sent:
        """Call Klarna once for this order, under this key."""
        ...


@frozen
class Call:
    """How a call ended."""

    state: State | None
    """The row's new state; None where nothing was learnt and it is called again."""
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    attempts: int = 1
    detail: str = ""
    has_failed: bool | None = None
    """What it says about Klarna's health; None where it says nothing."""
    error: KlarnaError | None = None
    delay: float = 0.0
    """Seconds that Klarna asks to wait."""

    @property
    def is_fatal(self) -> bool:
        """No later try can succeed before a person has corrected something: credentials, settings, this program.

        What was not sent is worth another try only for reasons that pass: the network, the rate limit, a queue, a key
        that has just expired.
        """
        if isinstance(self.error, Unauthorized | ClientClosed):
            return True
        passing = ConnectionFailed | RateLimited | QueueTimeout | KeyExpired
        return self.state is None and not isinstance(self.error, passing)

    @property
    def is_refusal(self) -> bool:
        """Klarna itself said no, whether or not that settles the row."""
        return self.has_failed is False and self.state is not State.DONE

    @property
    def is_unrecognized(self) -> bool:
        """Somebody else answered: a firewall, a portal, another service, or a redirect to one."""
        return bool(self.has_failed) and isinstance(self.error, UnrecognizedAnswer | UnexpectedRedirect)

    @property
    def can_be_settled(self) -> bool:
        """May a repeat in a while bring another answer? What Klarna itself refused stays refused, but for a 409."""
        return self.state is State.UNKNOWN and (not self.is_refusal or self.status == 409)


async def called(send: Send, order_id: str, key: str, *, in_doubt: bool) -> Call:
    """Make a call and say how it ended. `in_doubt`: the row was perhaps sent before."""
    try:
        sent = await send(order_id, key)
    except KlarnaError as error:
        return ended(error, in_doubt=in_doubt)
    return Call(State.DONE, sent.status, None, sent.correlation_id, sent.attempts, has_failed=False)


def ended(error: KlarnaError, *, in_doubt: bool) -> Call:
    """What an error means."""
    is_rejected = isinstance(error, Unauthorized) and error.outcome is Outcome.REFUSED
    return Call(
        # A 401 says nothing about the order: the row stays as it is until there are credentials.
        state=None if is_rejected else after(error.outcome, error.status, error.error_code, in_doubt=in_doubt),
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
    """What an error says about Klarna's health."""
    if isinstance(error, QueueTimeout | KeyExpired):
        return None
    if isinstance(error, StatusError) and not isinstance(error, RateLimited | RequestTimeout | Unauthorized):
        # A 4xx is Klarna's own, else it would be an `UnrecognizedAnswer`; with it Klarna works, whatever came before.
        return not 400 <= (error.status or 0) < 500
    return error.outcome in (Outcome.UNKNOWN, Outcome.NOT_SENT)


def in_one_line(text: str) -> str:
    """A text that others may have written: one line, without control characters, at most `MAX_DETAIL` characters."""
    line = "".join(character if character.isprintable() else " " for character in text[: 2 * MAX_DETAIL])
    line = " ".join(line.split())
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 3] + "..."

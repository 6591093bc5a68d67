"""One call for one row: how it is made, and what its end means for the row, the job and Klarna's health."""

from typing import Protocol

from attrs import frozen

from klarna_om.batch.states import State, after
from klarna_om.errors import (
    AnswerCut,
    ClientClosed,
    ConnectionFailed,
    KlarnaError,
    QueueTimeout,
    RateLimited,
    StatusError,
    Unauthorized,
    UnreadableAnswer,
)
from klarna_om.outcome import Outcome


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
        """No later try can succeed before a person has mended something: credentials, settings, this program.

        What was not sent is worth another try only for reasons that pass: the network, the rate limit, a queue.
        """
        if isinstance(self.error, Unauthorized | ClientClosed):
            return True
        return self.state is None and not isinstance(self.error, ConnectionFailed | RateLimited | QueueTimeout)


async def called(send: Send, order_id: str, key: str, *, in_doubt: bool) -> Call:
    """Make a call and say how it ended. `in_doubt`: the row was perhaps sent before."""
    try:
        sent = await send(order_id, key)
    except KlarnaError as error:
        return ended(error, in_doubt=in_doubt)
    return Call(State.DONE, sent.status, None, sent.correlation_id, sent.attempts, has_failed=False)


def ended(error: KlarnaError, *, in_doubt: bool) -> Call:
    """What an error means."""
    status = error.status if isinstance(error, StatusError | AnswerCut | UnreadableAnswer) else None
    error_code = error.error_code if isinstance(error, StatusError) else None
    is_rejected = isinstance(error, Unauthorized) and error.outcome is Outcome.REFUSED
    return Call(
        # A 401 says nothing about the order: the row stays as it is until there are credentials.
        state=None if is_rejected else after(error.outcome, status, error_code, in_doubt=in_doubt),
        status=status,
        error_code=error_code,
        correlation_id=error.correlation_id,
        attempts=len(error.attempts) or 1,
        detail=error.message,
        has_failed=None if isinstance(error, QueueTimeout) else error.outcome in (Outcome.UNKNOWN, Outcome.NOT_SENT),
        error=error,
        delay=(error.retry_after or 0.0) if isinstance(error, RateLimited) else 0.0,
    )

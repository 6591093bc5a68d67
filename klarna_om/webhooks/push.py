"""What came of a push or a notification."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from attrs import field, frozen

from klarna_om.types import Order


class PushResult(StrEnum):
    """How it ended. The text is stable: use it as a label of a metric."""

    STORED = "stored"
    """`store` has stored the order, and it is acknowledged where that is wanted."""
    KNOWN = "known"
    """The same, and the function returned False: it had the order, or the event, before."""
    HANDLED = "handled"
    """`handle` has handled the notification."""
    REFUSED_TOKEN = "refused_token"  # noqa: S105
    """It did not bring the token that is expected. Klarna was not asked."""
    REFUSED_ID = "refused_id"
    """It did not bring an order's id. Klarna was not asked."""
    REFUSED_BODY = "refused_body"
    """It is no notification: no JSON, without an id or an event, too large or cut. Klarna was not asked."""
    TOO_FRESH = "too_fresh"
    """Klarna does not know the order: it is too fresh, of another merchant or environment, or invented."""
    UNDECIDED = "undecided"
    """The order, as Klarna returns it, is still under review."""
    KLARNA_FAILED = "klarna_failed"
    """The order could not be read."""
    STORE_FAILED = "store_failed"
    """`store` raised an exception. The order is not acknowledged."""
    HANDLER_FAILED = "handler_failed"
    """`handle` raised an exception."""
    NOT_ACKNOWLEDGED = "not_acknowledged"
    """The order is stored, and its acknowledgement failed: the next push makes up for it."""
    BUDGET_OVER = "budget_over"
    """Not done in time. Your function was cancelled, unless it had ended."""


STATUS: Mapping[PushResult, int] = {
    PushResult.STORED: 200,
    PushResult.KNOWN: 200,
    PushResult.HANDLED: 200,
    PushResult.REFUSED_TOKEN: 404,
    PushResult.REFUSED_ID: 404,
    PushResult.REFUSED_BODY: 404,
    PushResult.TOO_FRESH: 503,
    PushResult.UNDECIDED: 503,
    PushResult.KLARNA_FAILED: 503,
    PushResult.STORE_FAILED: 503,
    PushResult.HANDLER_FAILED: 503,
    PushResult.NOT_ACKNOWLEDGED: 503,
    PushResult.BUDGET_OVER: 503,
}
"""The HTTP status to answer with. Klarna repeats whatever gets a 503; a 404 does not show whether the path exists."""


@frozen(kw_only=True)
class Push:
    """What came of one push or notification; answer with its `status`."""

    result: PushResult
    order_id: str | None = None
    """Of the request, in lower case; None where it brought none."""
    order: Order | None = field(default=None, repr=False)
    """As Klarna returned it; None where it was not read."""
    event: str | None = None
    """What a notification claims, empty where that could not be read; None for a push."""
    error: Exception | None = field(default=None, repr=False)
    """What kept it from being done: Klarna's, your function's, or a `TimeoutError` for the budget. Its text may hold
    personal data, so it is in no log line and no `repr`."""
    is_acknowledged: bool = False
    """Is the order acknowledged, by this push or before?"""
    is_joined: bool = False
    """Did it get the result of another push of the same order that was under way?"""
    duration: float = 0.0
    """Seconds."""

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        return STATUS[self.result]


OnPush = Callable[[Push], object]
"""Gets each push or notification before it is answered, for metrics; what it raises is logged and ignored."""

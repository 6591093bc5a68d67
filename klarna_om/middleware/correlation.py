"""One log line per attempt, with Klarna's correlation id; never a body, a name, an address or a secret."""

import asyncio
import logging
from contextvars import ContextVar
from time import monotonic

from klarna_om.errors import NoAnswer
from klarna_om.exchange import Request, Response
from klarna_om.log_fields import log_fields, subject
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome

logger = logging.getLogger("klarna_om")

correlation_id: ContextVar[str | None] = ContextVar("klarna_om_correlation_id", default=None)
"""The correlation id of the last answer in this context, for log lines of your own."""


async def correlation(request: Request, below: Handler) -> Response:
    """Log how the attempt ended: success at INFO, any failure at WARNING."""
    started = monotonic()
    correlation_id.set(None)  # a log line of this attempt must not name the answer to an earlier one
    try:
        response = await below(request)
    except NoAnswer as error:
        correlation_id.set(error.correlation_id)
        _log(request, started, type(error).__name__, error.outcome, error.correlation_id)
        raise
    except asyncio.CancelledError:
        _log(request, started, "cancelled", Outcome.UNKNOWN if request.is_write else Outcome.NOT_SENT, None)
        raise
    correlation_id.set(response.correlation_id)
    if not response.is_success:
        outcome = response.classification.outcome if response.classification is not None else None
        _log(request, started, str(response.status), outcome, response.correlation_id)
    elif logger.isEnabledFor(logging.INFO):
        _log(request, started, str(response.status), Outcome.DONE, response.correlation_id, level=logging.INFO)
    return response


def _log(
    request: Request,
    started: float,
    result: str,
    outcome: Outcome | None,
    correlation: str | None,
    *,
    level: int = logging.WARNING,
) -> None:
    elapsed = monotonic() - started
    logger.log(
        level,
        "[%s] %s: %s%s in %.3f s, attempt %d",
        correlation or "no correlation id",
        subject(request),
        result,
        _in_doubt(request, outcome),
        elapsed,
        request.attempt,
        extra=log_fields(
            request,
            correlation_id=correlation,
            attempt=request.attempt,
            result=result,
            outcome=outcome,
            elapsed=elapsed,
        ),
    )


def _in_doubt(request: Request, outcome: Outcome | None) -> str:
    """What the message adds for a write that may have had its effect: the key is needed to repeat it."""
    if request.is_write and outcome is Outcome.UNKNOWN:
        return f" (outcome unknown, idempotency key {request.idempotency_key})"
    return ""

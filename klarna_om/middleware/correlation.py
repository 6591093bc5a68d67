"""One log line per attempt, with Klarna's correlation id; never a body, a name, an address or a secret."""

import asyncio
import logging
from contextvars import ContextVar
from time import monotonic

from klarna_om.errors import NoAnswer
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome

logger = logging.getLogger("klarna_om")

correlation_id: ContextVar[str | None] = ContextVar("klarna_om_correlation_id", default=None)
"""The correlation id of the last answer in this context, for log lines of your own."""


async def correlation(request: Request, below: Handler) -> Response:
    """Log how the attempt ended: success at INFO, any failure at WARNING."""
    started = monotonic()
    try:
        response = await below(request)
    except NoAnswer as silence:
        _log(logging.WARNING, request, started, type(silence).__name__, silence.outcome, silence.correlation_id)
        raise
    except asyncio.CancelledError:
        outcome = Outcome.UNKNOWN if request.is_write else Outcome.NOT_SENT
        _log(logging.WARNING, request, started, "cancelled", outcome, None)
        raise
    correlation_id.set(response.correlation_id)
    if not response.is_success or logger.isEnabledFor(logging.INFO):
        level = logging.INFO if response.is_success else logging.WARNING
        _log(level, request, started, str(response.status), None, response.correlation_id)
    return response


def _log(
    level: int, request: Request, started: float, ended: str, outcome: Outcome | None, correlation: str | None
) -> None:
    elapsed = monotonic() - started
    logger.log(
        level,
        "[%s] %s %s: %s in %.3f s, attempt %d",
        correlation or "no correlation id",
        request.operation,
        request.order_id or request.path,
        ended,
        elapsed,
        request.attempt,
        extra={
            "klarna_correlation_id": correlation,
            "klarna_operation": request.operation,
            "klarna_order_id": request.order_id,
            "klarna_idempotency_key": request.idempotency_key,
            "klarna_attempt": request.attempt,
            "klarna_result": ended,
            "klarna_outcome": outcome,
            "klarna_elapsed": elapsed,
        },
    )

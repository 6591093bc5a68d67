"""The places where hooks are called: around a call, and around a request."""

import asyncio
from collections.abc import Callable
from typing import Any

from attrs import frozen

from klarna_om.clock import loop_time
from klarna_om.errors import KlarnaError
from klarna_om.exchange import Request, Response, attempts_of
from klarna_om.hooks import AttemptEvent, CallEvent, Hook
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome


@frozen
class CallHook:
    """Outermost, so that it sees what a call came to."""

    on_call: Hook[CallEvent]
    clock: Callable[[], float] = loop_time

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Send the request on, and report its end."""
        started = self.clock()
        try:
            response = await below(request)
        except BaseException as reason:
            self._report(request, started, _of_exception(request, reason))
            raise
        error_code = None if response.classification is None else response.classification.error_body.error_code
        facts: dict[str, Any] = {**_of_response(response), "error_code": error_code, "attempts": attempts_of(response)}
        key = response.request.idempotency_key
        self._report(request, started, {**facts, "idempotency_key": None if key is None else str.__str__(key)})
        return response

    def _report(self, request: Request, started: float, facts: dict[str, Any]) -> None:
        self.on_call(
            CallEvent(
                operation=request.operation,
                order_id=request.order_id,
                elapsed=self.clock() - started,
                **facts,
            )
        )


@frozen
class AttemptHook:
    """Lowest, beside the log line."""

    on_attempt: Hook[AttemptEvent]
    clock: Callable[[], float] = loop_time

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Send the request on, and report its end."""
        started = self.clock()
        try:
            response = await below(request)
        except BaseException as reason:
            facts = _of_exception(request, reason)
            self._report(request, started, {name: facts[name] for name in _OF_ATTEMPT})
            raise
        self._report(request, started, _of_response(response))
        return response

    def _report(self, request: Request, started: float, facts: dict[str, Any]) -> None:
        self.on_attempt(
            AttemptEvent(
                operation=request.operation,
                order_id=request.order_id,
                idempotency_key=request.idempotency_key,
                number=request.attempt,
                elapsed=self.clock() - started,
                **facts,
            )
        )


_OF_ATTEMPT = ("outcome", "result", "status", "correlation_id")


def _of_response(response: Response) -> dict[str, Any]:
    known = response.classification
    return {
        "outcome": Outcome.UNKNOWN if known is None else known.outcome,
        "result": str(response.status),
        "status": response.status,
        "correlation_id": response.correlation_id,
    }


def _of_exception(request: Request, reason: BaseException) -> dict[str, Any]:
    """What is known after an exception; after one that is not ours, nothing is known of a write."""
    if isinstance(reason, KlarnaError):
        return {
            "outcome": reason.outcome,
            "result": type(reason).__name__,
            "status": reason.status,
            "error_code": reason.error_code,
            "correlation_id": reason.correlation_id,
            "attempts": reason.attempts,
            "idempotency_key": reason.idempotency_key,
        }
    return {
        "outcome": Outcome.UNKNOWN if request.is_write else Outcome.NOT_SENT,
        "result": "cancelled" if isinstance(reason, asyncio.CancelledError) else type(reason).__name__,
        "status": None,
        "error_code": None,
        "correlation_id": None,
        "attempts": (),
        "idempotency_key": request.idempotency_key,
    }

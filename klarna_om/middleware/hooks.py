"""The places where hooks are called: around a call, and around a request."""

from collections.abc import Callable
from typing import TypedDict

from attrs import frozen

from klarna_om.answers.classification import classify
from klarna_om.answers.error_from_response import error_from_response
from klarna_om.clock import loop_time
from klarna_om.errors import KlarnaError
from klarna_om.exchange import Attempt, Request, Response, attempts_of
from klarna_om.hooks import AttemptEvent, CallEvent, Hook
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome


class _Facts(TypedDict):
    """The fields of both kinds of event."""

    outcome: Outcome
    error: str | None
    status: int | None
    correlation_id: str | None


@frozen(eq=False)
class CallHook:
    """Outermost, so that it sees what a call came to."""

    on_call: Hook[CallEvent]
    clock: Callable[[], float] = loop_time

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Send the request on, and report its end."""
        started = self.clock()
        try:
            response = await below(request)
        except KlarnaError as error:
            facts, key, code, attempts = _of_error(error), error.idempotency_key, error.error_code, error.attempts
            self._report(request, started, facts, key, code, attempts)
            raise
        except BaseException as reason:
            self._report(request, started, _of_exception(request, reason), request.idempotency_key, None, ())
            raise
        facts, key, code = _of_response(response), response.request.idempotency_key, _error_code_of(response)
        self._report(request, started, facts, key, code, attempts_of(response))
        return response

    def _report(
        self,
        request: Request,
        started: float,
        facts: _Facts,
        key: str | None,
        error_code: str | None,
        attempts: tuple[Attempt, ...],
    ) -> None:
        event = CallEvent(
            operation=request.operation,
            order_id=request.order_id,
            idempotency_key=None if key is None else str.__str__(key),
            error_code=error_code,
            attempts=attempts,
            elapsed=self.clock() - started,
            **facts,
        )
        self.on_call(event)


@frozen(eq=False)
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
            facts = _of_error(reason) if isinstance(reason, KlarnaError) else _of_exception(request, reason)
            self._report(request, started, facts)
            raise
        self._report(request, started, _of_response(response))
        return response

    def _report(self, request: Request, started: float, facts: _Facts) -> None:
        key = request.idempotency_key
        event = AttemptEvent(
            operation=request.operation,
            method=request.method,
            order_id=request.order_id,
            idempotency_key=None if key is None else str.__str__(key),
            number=request.attempt,
            elapsed=self.clock() - started,
            **facts,
        )
        self.on_attempt(event)


def _of_response(response: Response) -> _Facts:
    known = response.classification or classify(response)
    is_fine = response.is_success and not known.problem
    return {
        "outcome": known.outcome,
        "error": None if is_fine else type(error_from_response(response)).__name__,
        "status": response.status,
        "correlation_id": response.correlation_id,
    }


def _error_code_of(response: Response) -> str | None:
    return None if response.classification is None else response.classification.error_body.error_code


def _of_error(error: KlarnaError) -> _Facts:
    return {
        "outcome": error.outcome,
        "error": type(error).__name__,
        "status": error.status,
        "correlation_id": error.correlation_id,
    }


def _of_exception(request: Request, reason: BaseException) -> _Facts:
    """After an exception that is not ours, a cancellation above all, nothing is known of a write."""
    outcome = Outcome.UNKNOWN if request.is_write else Outcome.NOT_SENT
    return {"outcome": outcome, "error": type(reason).__name__, "status": None, "correlation_id": None}

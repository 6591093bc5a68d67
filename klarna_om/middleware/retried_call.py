"""A call whose first attempt has failed: what follows, what is known after it, and how often it is tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from attrs import define, evolve, field
from msgspec.structs import replace

from klarna_om.errors import NoAnswer
from klarna_om.exchange import Attempt, Request, Response
from klarna_om.log_fields import log_fields, subject
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome, of_call
from klarna_om.retry.budget import Budget
from klarna_om.retry.decide import Decision, Now, decide
from klarna_om.retry.policy import Retry, Uniform
from klarna_om.retry.rules import Result

if TYPE_CHECKING:
    from tenacity import RetryCallState

logger = logging.getLogger("klarna_om")


@define(eq=False, kw_only=True)
class RetriedCall:
    """One call from its first failure on."""

    policy: Retry
    budget: Budget
    sleep: Callable[[float], Awaitable[None]]
    uniform: Uniform
    wall_clock: Callable[[], float]
    clock: Callable[[], float]
    request: Request
    below: Handler
    attempts: list[Attempt] = field(factory=list[Attempt])
    decision: Decision | None = None
    """The latest."""
    cost: int = 0
    """What the latest retry took from the budget."""

    async def run(self, first: Result, started: float) -> Response:
        """Let tenacity repeat the call; its first attempt is the one that has failed already."""
        from tenacity import AsyncRetrying  # a tenth of the import of everything, and most calls need no retry

        self.record(first, started)
        results = iter((first,))

        async def attempt() -> Result:
            return next(results, None) or await self.send_again()

        # One AsyncRetrying a call: a shared one would mix up the state of concurrent calls.
        repeat = AsyncRetrying(retry=self.should_retry, wait=self.wait, sleep=self.sleep)
        try:
            return self.finish(await repeat(attempt))
        except asyncio.CancelledError:
            self.log_cancellation()
            raise

    async def send_again(self) -> Result:
        """The next attempt: the same request, the same key, the same bytes."""
        started = self.clock()
        try:
            result: Result = await self.below(self.request.with_changes(attempt=len(self.attempts) + 1))
        except NoAnswer as error:
            result = error
        self.record(result, started)
        return result

    def record(self, result: Result, started: float) -> None:
        """Decide what follows, and keep what happened."""
        elapsed = self.clock() - started
        decision = self.decide(result, len(self.attempts) + 1)
        self.decision, self.cost = decision, decision.cost if decision.retry else self.cost
        self.attempts.append(
            Attempt(
                number=len(self.attempts) + 1,
                outcome=_outcome_of(result),
                status=result.status,
                cause=_cause_of(result),
                correlation_id=result.correlation_id,
                elapsed=elapsed,
                rule=decision.rule.name,
                delay=decision.delay if decision.retry else None,
            )
        )

    def decide(self, result: Result, attempts: int) -> Decision:
        """Decide by the policy, then by the budget, which is asked last, since asking spends."""
        now = Now(loop=self.clock(), wall=self.wall_clock())
        decision = decide(self.request, result, attempts, now, self.policy, self.uniform)
        if decision.retry and not self.budget.spend(decision.cost):
            reason = "the retry budget is empty: most calls of this client are failing"
            return evolve(decision, retry=False, reason=reason)
        return decision

    def should_retry(self, state: "RetryCallState") -> bool:
        """For tenacity: what was decided. Any other exception than `NoAnswer` passes at once."""
        has_raised = state.outcome is not None and state.outcome.failed
        return not has_raised and self.decision is not None and self.decision.retry

    def wait(self, _: "RetryCallState") -> float:
        """For tenacity: what was decided."""
        return self.decision.delay if self.decision is not None else 0.0

    def log_cancellation(self) -> None:
        """The caller gets no error, so the log names the write in doubt, and under which key to repeat it."""
        outcome = self.outcome(self.attempts[-1].outcome, None, None)
        if self.request.is_write and outcome in (Outcome.UNKNOWN, Outcome.DONE):
            number = len(self.attempts)
            logger.warning(
                "%s: cancelled after %d attempts, outcome unknown, idempotency key %s",
                subject(self.request),
                number,
                self.request.idempotency_key,
                extra=log_fields(self.request, attempt=number, result="cancelled", outcome=Outcome.UNKNOWN),
            )

    def finish(self, result: Result) -> Response:
        """Give the last result everything that is known of the call, its outcome above all."""
        assert self.decision is not None
        outcome = self.outcome(_outcome_of(result), result.status, _error_code_of(result))
        attempts, stopped = tuple(self.attempts), self.decision.reason
        if isinstance(result, Response):
            if result.is_success:
                self.budget.put_back(self.cost)
            return replace(
                result,
                classification=result.classification and replace(result.classification, outcome=outcome),
                attempts=attempts,
                stopped=stopped,
                retry_after=None if result.is_success else self.decision.retry_after,
            )
        result.outcome, result.attempts, result.stopped = outcome, attempts, stopped
        result.about(self.request)
        raise result

    def outcome(self, last: Outcome, status: int | None, error_code: str | None) -> Outcome:
        """What is known of the effect, from all attempts under the key: here it is made, and then carried."""
        if not self.request.is_write:
            return last
        earlier_attempts = (attempt.outcome for attempt in self.attempts[:-1])
        return of_call(earlier_attempts, last, status, error_code, self.request.earlier)


def _outcome_of(result: Result) -> Outcome:
    """What one attempt shows about the effect."""
    if isinstance(result, Response):
        return Outcome.UNKNOWN if result.classification is None else result.classification.outcome
    return result.outcome


def _error_code_of(result: Result) -> str | None:
    if isinstance(result, Response) and result.classification is not None:
        return result.classification.error_body.error_code
    return None


def _cause_of(result: Result) -> str:
    return str(result.status) if isinstance(result, Response) else f"{type(result).__name__}: {result.message}"

"""Try again what may be tried again, under the same key, within the total time and the retry budget."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable

from attrs import define, evolve, field, frozen
from msgspec.structs import replace
from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from klarna_om.clock import loop_time
from klarna_om.errors import NoAnswer
from klarna_om.exchange import Attempt, Classification, Request, Response
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome, of_call
from klarna_om.retry.budget import Budget
from klarna_om.retry.hint import retry_after
from klarna_om.retry.policy import Retry, Uniform
from klarna_om.retry.rules import Result, rule_for

logger = logging.getLogger("klarna_om")


@frozen
class Retrying:
    """Send a request, and again by the policy. A first attempt that succeeds never enters tenacity."""

    policy: Retry
    budget: Budget
    total_timeout: float | None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Uniform = random.uniform
    wall_clock: Callable[[], float] = time.time
    clock: Callable[[], float] = loop_time

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Return the last answer, whatever its status, or raise the last silence."""
        started = self.clock()
        if self.total_timeout is not None:
            request = request.changed(deadline=started + self.total_timeout)
        try:
            first: Result = await below(request)
        except NoAnswer as silence:
            first = silence
        if isinstance(first, Response) and first.is_success:
            self.budget.put_back()
            return first
        return await _Course(self, request, below).run(first, started)


@define(eq=False)
class _Course:
    """One call from its first failure on."""

    retrying: Retrying
    request: Request
    below: Handler
    attempts: list[Attempt] = field(factory=list[Attempt])
    stopped: str = ""
    cost: int = 0
    hint: float | None = None
    """When the server wants to be asked again."""

    async def run(self, first: Result, started: float) -> Response:
        """Let tenacity repeat the call; its first attempt is the one that has failed already."""
        self.record(first, started)
        results = iter((first,))

        async def attempt() -> Result:
            return next(results, None) or await self.again()

        # One AsyncRetrying a call: a shared one would mix up the state of concurrent calls.
        repeat = AsyncRetrying(
            retry=retry_if_result(self.is_retried),
            wait=self.wait,
            stop=self.is_over,
            sleep=self.retrying.sleep,
            retry_error_callback=_last_result,
        )
        try:
            return self.finish(await repeat(attempt))
        except asyncio.CancelledError:
            self.tell_of_the_cancellation()
            raise

    async def again(self) -> Result:
        """The next attempt: the same request, the same key, the same bytes."""
        started = self.retrying.clock()
        request = self.request.changed(attempt=len(self.attempts) + 1)
        try:
            result: Result = await self.below(request)
        except NoAnswer as silence:
            result = silence
        self.record(result, started)
        return result

    def record(self, result: Result, started: float) -> None:
        """Keep what happened, with the rule that applies."""
        elapsed = self.retrying.clock() - started
        outcome = _outcome_of(result)
        cause = str(result.status) if isinstance(result, Response) else f"{type(result).__name__}: {result.message}"
        self.attempts.append(
            Attempt(
                number=len(self.attempts) + 1,
                outcome=outcome,
                status=result.status,
                cause=cause,
                correlation_id=result.correlation_id,
                elapsed=elapsed,
                rule=rule_for(self.request, result).name,
            )
        )

    def tell_of_the_cancellation(self) -> None:
        """Nobody hears an error, so the log says which write is in doubt, and under which key it can be repeated."""
        outcome = of_call(
            (attempt.outcome for attempt in self.attempts[:-1]), self.attempts[-1].outcome, earlier=self.request.earlier
        )
        if self.request.is_write and outcome in (Outcome.UNKNOWN, Outcome.DONE):
            logger.warning(
                "%s %s: cancelled after %d attempts, outcome unknown, idempotency key %s",
                self.request.operation,
                self.request.order_id or self.request.path,
                len(self.attempts),
                self.request.idempotency_key,
                extra={
                    "klarna_operation": self.request.operation,
                    "klarna_order_id": self.request.order_id,
                    "klarna_idempotency_key": self.request.idempotency_key,
                    "klarna_attempt": len(self.attempts),
                    "klarna_result": "cancelled",
                    "klarna_outcome": Outcome.UNKNOWN,
                },
            )

    def is_retried(self, result: Result) -> bool:
        """Does a rule say to try this again?"""
        rule = rule_for(self.request, result)
        self.cost = rule.cost if rule.is_retried else self.cost
        self.stopped = "" if rule.is_retried else f"never retried: {rule.name} ({rule.reason})"
        return rule.is_retried

    def wait(self, state: RetryCallState) -> float:
        """The backoff, or longer where the server asks for it."""
        result = _last_result(state)
        self.hint = retry_after(result, self.retrying.wall_clock()) if isinstance(result, Response) else None
        return max(self.retrying.policy.backoff(len(self.attempts), self.retrying.uniform), self.hint or 0.0)

    def is_over(self, state: RetryCallState) -> bool:
        """Is there a reason to stop here? Else the retry is paid for."""
        self.stopped = self.reason_to_stop(state) or ""
        if not self.stopped:
            self.attempts[-1] = evolve(self.attempts[-1], delay=state.upcoming_sleep)
        return bool(self.stopped)

    def reason_to_stop(self, state: RetryCallState) -> str | None:
        """Why no further attempt is made; the budget is asked last, since asking spends."""
        policy, delay = self.retrying.policy, state.upcoming_sleep
        now = self.retrying.clock()
        if len(self.attempts) >= policy.max_attempts:
            return f"attempt {policy.max_attempts} is the last that the policy allows"
        if self.hint is not None and self.hint > policy.longest_hint:
            return f"the server asks to wait {self.hint:.0f} s, longer than longest_hint ({policy.longest_hint:.0f} s)"
        if self.request.deadline is not None and now + delay >= self.request.deadline:
            return f"total_timeout of {self.retrying.total_timeout} s would pass while waiting"
        until = self.request.retry_until
        if until is not None and self.retrying.wall_clock() + delay >= until:
            return "the idempotency key would be older than the 24 hours for which Klarna keeps it"
        if not self.retrying.budget.spend(self.cost):
            return "the retry budget is empty: most calls of this client are failing"
        return None

    def finish(self, result: Result) -> Response:
        """Give the last result everything that is known of the call, its outcome above all."""
        attempts, outcome = tuple(self.attempts), self.outcome(result)
        if isinstance(result, Response):
            if result.is_success:
                self.retrying.budget.put_back(self.cost)
            return replace(
                result,
                classification=_with_outcome(result, outcome),
                attempts=attempts,
                stopped=self.stopped,
                retry_after=None if result.is_success else self.hint,
            )
        result.outcome = outcome
        result.attempts, result.stopped = attempts, self.stopped
        result.about(self.request)
        raise result

    def outcome(self, last: Result) -> Outcome:
        """What is known of the effect, from all attempts under the key: here it is made, and then carried."""
        if not self.request.is_write:
            return _outcome_of(last)
        error_code = None
        if isinstance(last, Response) and last.classification is not None:
            error_code = last.classification.error_body.error_code
        return of_call(
            (attempt.outcome for attempt in self.attempts[:-1]),
            _outcome_of(last),
            last.status,
            error_code,
            self.request.earlier,
        )


def _outcome_of(result: Result) -> Outcome:
    """What one attempt says."""
    if isinstance(result, Response):
        return Outcome.UNKNOWN if result.classification is None else result.classification.outcome
    return result.outcome


def _with_outcome(response: Response, outcome: Outcome) -> Classification | None:
    return response.classification and replace(response.classification, outcome=outcome)


def _last_result(state: RetryCallState) -> Result:
    assert state.outcome is not None
    result: Result = state.outcome.result()
    return result

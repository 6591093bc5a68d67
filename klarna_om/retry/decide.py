"""Is a call tried again after this result, when, and why not? A pure function: it sends, waits and spends nothing."""

from attrs import frozen

from klarna_om.exchange import Request, Response
from klarna_om.retry.hint import retry_after
from klarna_om.retry.policy import BackoffError, Retry, Uniform
from klarna_om.retry.rules import Result, RetryRule, rule_for


@frozen
class Now:
    """The time on both clocks."""

    loop: float
    """By which deadlines are set."""
    wall: float
    """Seconds since the epoch: by which keys grow old and servers name dates."""


@frozen
class Decision:
    """What to do after an attempt."""

    rule: RetryRule
    """The row of `RETRY_RULES` that applies."""
    retry: bool
    delay: float = 0.0
    """Seconds to wait before the next attempt."""
    reason: str = ""
    """Why there is no next attempt."""
    retry_after: float | None = None
    """Seconds after which the server wants to be asked again, where it says so."""

    @property
    def cost(self) -> int:
        """Tokens of the retry budget that the retry takes."""
        return self.rule.cost


def decide(request: Request, result: Result, attempts: int, now: Now, policy: Retry, draw: Uniform) -> Decision:
    """Decide after the given number of `attempts`, of which `result` ended the last. `draw` is the jitter's source."""
    rule = rule_for(request, result)
    hint = retry_after(result, now.wall) if isinstance(result, Response) else None
    if not rule.is_retried:
        return Decision(rule=rule, retry=False, reason=f"never retried: {rule.name} ({rule.reason})", retry_after=hint)
    try:
        delay = max(policy.delay_after(attempts, draw), hint or 0.0)
    except BackoffError as failure:
        return Decision(rule=rule, retry=False, reason=str(failure), retry_after=hint)
    reason = _reason_to_stop(request, attempts, now, policy, delay, hint)
    return Decision(rule=rule, retry=reason is None, delay=delay, reason=reason or "", retry_after=hint)


def _reason_to_stop(
    request: Request, attempts: int, now: Now, policy: Retry, delay: float, hint: float | None
) -> str | None:
    """Why a result that a rule would retry is the last one all the same."""
    if attempts >= policy.max_attempts:
        return f"attempt {policy.max_attempts} is the last that the policy allows"
    if hint is not None and hint > policy.max_retry_after:
        return f"the server asks to wait {hint:.0f} s, longer than max_retry_after ({policy.max_retry_after:.0f} s)"
    if request.deadline is not None and now.loop + delay >= request.deadline:
        return "total_timeout would pass while waiting"
    if request.retry_until is not None and now.wall + delay >= request.retry_until:
        return "the idempotency key would be older than the 24 hours for which Klarna keeps it"
    return None

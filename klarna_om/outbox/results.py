"""What the end of a call means for its intent, by the rules in `states`."""

from attrs import frozen

from klarna_om.batch.calls import CallResult, in_one_line, is_refusal, result_of_error, wrote_nothing
from klarna_om.batch.states import State as CallState
from klarna_om.errors import (
    ClientClosed,
    ConfigurationError,
    ConnectionFailed,
    KeyExpired,
    KlarnaError,
    NotFound,
    QueueTimeout,
    RateLimited,
    Unauthorized,
)
from klarna_om.outbox.states import SOON, State
from klarna_om.outbox.store import Claim, Finish
from klarna_om.outcome import Outcome
from klarna_om.workflows.after_window import TIERS, delay_after
from klarna_om.workflows.send_write import Sent, is_settled_by_reading

FRESH_TRIES = 2
"""Repeats after a 404, by Klarna's schedule: after 5 seconds and 5 minutes."""

KEPT_IDS = 20
"""Correlation ids that are kept of an intent's calls, the latest."""

MAX_ASKED = 300.0
"""Seconds that an answer may ask to wait; a stranger may ask for days."""

MAX_ID = 64
"""Characters of one."""

NOT_ABOUT_THE_INTENT = (
    ClientClosed,
    ConfigurationError,
    ConnectionFailed,
    KeyExpired,
    QueueTimeout,
    RateLimited,
    Unauthorized,
)
"""Errors that would be the same for any other."""


@frozen
class Ended:
    """What to record, and what the call says of Klarna's health."""

    finish: Finish
    has_failed: bool | None


def of_success(claim: Claim, sent: Sent) -> Ended:
    """Done."""
    return Ended(
        Finish(
            state=State.DONE,
            attempts=sent.requests,
            result_id=sent.result_id or None,
            status=sent.response.status,
            correlation_id=_one_id(sent.response.correlation_id),
            correlation_ids=_add_ids(claim, [sent.response.correlation_id]),
        ),
        has_failed=False,
    )


def of_error(claim: Claim, error: KlarnaError) -> Ended:
    """Rules 5 to 9."""
    is_unwritten = wrote_nothing(claim.intent.operation, error)
    in_doubt = claim.was_tried and not is_settled_by_reading(claim.intent.operation, error)
    call = result_of_error(error, in_doubt=in_doubt)
    is_too_fresh = _is_too_fresh(claim, error, is_unwritten=is_unwritten)
    state, delay, failed_calls = _judge(claim, error, call, is_unwritten=is_unwritten, is_too_fresh=is_too_fresh)
    finish = Finish(
        state=state,
        delay=delay,
        failed_calls=failed_calls,
        is_new_generation=is_too_fresh,
        forget_try=is_unwritten and not claim.was_tried,
        attempts=len(error.attempts),
        status=call.status,
        error_code=in_one_line(call.error_code) if call.error_code else None,
        correlation_id=_one_id(call.correlation_id),
        correlation_ids=_add_ids(claim, [*(each.correlation_id for each in error.attempts), call.correlation_id]),
        detail=_detail(error, call, state),
    )
    # With wrong credentials every call fails, whoever answers.
    return Ended(finish, True if isinstance(error, Unauthorized) else call.has_failed)


def of_exception(claim: Claim, reason: Exception) -> Ended:
    """A fault of this program, or of the caller's middleware: what happened is not known."""
    failed = claim.intent.failed_calls + 1
    delay = delay_after(failed)
    state = State.ESCALATED if delay is None else State.UNKNOWN
    detail = in_one_line(f"{type(reason).__name__}: {reason}")
    ids = claim.intent.correlation_ids
    return Ended(Finish(state=state, delay=delay or 0.0, failed_calls=failed, correlation_ids=ids, detail=detail), None)


def _judge(
    claim: Claim, error: KlarnaError, call: CallResult, *, is_unwritten: bool, is_too_fresh: bool
) -> tuple[State, float, int]:
    """The state, the seconds until it is due again, and how often Klarna's schedule has begun to wait."""
    intent, failed = claim.intent, claim.intent.failed_calls
    if is_too_fresh:
        return State.PENDING, TIERS[failed], failed + 1
    if call.state is CallState.DONE or call.state is CallState.REFUSED:
        return State(call.state.value), 0.0, failed
    if is_unwritten and not claim.was_tried and is_refusal(error):
        return State.REFUSED, 0.0, failed  # Klarna refused to show the order, and nothing was sent before
    current = intent.state if is_unwritten else State.UNKNOWN
    if isinstance(error, NOT_ABOUT_THE_INTENT) or call.is_unrecognized:
        return current, max(SOON, min(call.delay, MAX_ASKED)), failed
    if call.state is None:  # it can never be sent as it is
        return (State.ESCALATED if claim.was_tried else State.REFUSED), 0.0, failed
    if not is_unwritten and call.is_refusal and not call.can_be_settled:
        return State.ESCALATED, 0.0, failed  # the same call gets the same refusal again
    delay = delay_after(failed + 1)
    return (State.ESCALATED, 0.0, failed + 1) if delay is None else (current, delay, failed + 1)


def _is_too_fresh(claim: Claim, error: KlarnaError, *, is_unwritten: bool) -> bool:
    """Is it a 404 about an order, capture or refund that may be too new to be known everywhere? Nothing was done."""
    return (
        isinstance(error, NotFound)
        and (is_unwritten or error.outcome is Outcome.REFUSED)
        and not claim.was_tried
        and claim.intent.failed_calls < FRESH_TRIES
    )


def _detail(error: KlarnaError, call: CallResult, state: State) -> str:
    advice = f"; {error.advice}" if error.advice and state is State.REFUSED else ""
    return in_one_line(f"{type(error).__name__}: {call.detail}{advice}")


def _one_id(correlation_id: str | None) -> str | None:
    """Without what cannot be stored or shown, as any server may send anything."""
    return None if correlation_id is None else "".join(in_one_line(correlation_id).split())[:MAX_ID]


def _add_ids(claim: Claim, ids: list[str | None]) -> str:
    found = [*claim.intent.correlation_ids.split(), *filter(None, map(_one_id, ids))]
    return " ".join(list(dict.fromkeys(found))[-KEPT_IDS:])

"""What the end of a call means for an intent, where a sandbox does not show it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from klarna_om import (
    KeyExpired,
    KlarnaError,
    NotAllowed,
    Outcome,
    RateLimited,
    ReferenceTaken,
    Request,
    Response,
    UnreadableAnswer,
)
from klarna_om.outbox import Intent, State
from klarna_om.outbox.intent import COLUMNS
from klarna_om.outbox.results import MAX_ASKED, Ended, of_error
from klarna_om.outbox.states import SOON
from klarna_om.outbox.store import Claim
from tests.support.calls import ORDER_ID

NOW = datetime(2027, 1, 1, tzinfo=UTC)


NOTHING = Response(Request("captures.create", "POST", "/"), 403, {}, b"")


def claim(operation: str = "captures.create", *, was_tried: bool = False, failed_calls: int = 0) -> Claim:
    values = dict.fromkeys(COLUMNS)
    values |= {"id": uuid4(), "operation": operation, "order_id": ORDER_ID, "reference": "s-1", "generation": 0}
    values |= {"state": State.PENDING, "attempts": 0, "failed_calls": failed_calls, "created": NOW, "due": NOW}
    return Claim(Intent(**{**values, "correlation_ids": ""}), uuid4(), was_tried, 0.0)  # type: ignore[arg-type]


def ended(error: KlarnaError, claimed: Claim, outcome: Outcome, **facts: object) -> Ended:
    error.operation, error.outcome = claimed.intent.operation, outcome
    for name, value in facts.items():
        setattr(error, name, value)
    return of_error(claimed, error)


@pytest.mark.parametrize(("was_tried", "state"), [(False, State.REFUSED), (True, State.ESCALATED)])
def test_a_reference_with_another_amount_at_klarna_is_never_sent(was_tried: bool, state: State) -> None:
    result = ended(ReferenceTaken("the reference has 7"), claim(was_tried=was_tried), Outcome.NOT_SENT)

    assert result.finish.state is state


def test_what_klarna_did_is_done_also_when_its_answer_could_not_be_read() -> None:
    result = ended(UnreadableAnswer("no id", NOTHING), claim(), Outcome.DONE)

    assert (result.finish.state, result.finish.result_id) == (State.DONE, None)


@pytest.mark.parametrize(("asked", "delay"), [(None, SOON), (1.0, SOON), (60.0, 60.0), (86_400.0, MAX_ASKED)])
def test_a_429_waits_as_it_asks_within_limits(asked: float | None, delay: float) -> None:
    result = ended(RateLimited("429", NOTHING), claim(failed_calls=2), Outcome.NOT_SENT, retry_after=asked)

    assert (result.finish.state, result.finish.delay, result.finish.failed_calls) == (State.PENDING, delay, 2)
    assert result.finish.forget_try


def test_what_was_not_sent_now_may_have_been_sent_before() -> None:
    result = ended(KeyExpired("too old"), claim(was_tried=True), Outcome.NOT_SENT)

    assert (result.finish.state, result.finish.forget_try) == (State.PENDING, False)


def test_what_a_server_says_is_kept_in_one_bounded_line() -> None:
    facts = {"status": 403, "error_code": "A\0B" * 1000, "correlation_id": "c\0 d" * 1000}

    finish = ended(NotAllowed("no\0" * 1000, NOTHING), claim(), Outcome.REFUSED, **facts).finish

    for text in (finish.error_code, finish.correlation_id, finish.correlation_ids, finish.detail):
        assert text is not None
        assert text.isprintable()
        assert len(text) <= 500


@pytest.mark.parametrize("cause", [None, NotAllowed("the read", NOTHING)])
def test_a_403_of_what_may_have_been_sent_counts_only_when_the_order_was_read(cause: KlarnaError | None) -> None:
    error = NotAllowed("no", NOTHING)
    error.__cause__ = cause

    finish = ended(error, claim(was_tried=True), Outcome.REFUSED, status=403, error_code="CAPTURE_NOT_ALLOWED").finish

    assert finish.state is (State.REFUSED if cause is None else State.ESCALATED)

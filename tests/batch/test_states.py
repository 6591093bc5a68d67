"""The states of a row."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from klarna_om.batch.states import (
    STEP_BEFORE_CALL,
    Age,
    OnExpired,
    State,
    Step,
    choose_on_expired,
    classify_age,
    state_after,
)
from klarna_om.outcome import Outcome
from klarna_om.workflows.after_window import AFTER_WINDOW


@pytest.mark.parametrize(
    ("in_doubt", "outcome", "status", "state"),
    [
        (False, Outcome.DONE, 204, State.DONE),
        (True, Outcome.DONE, 204, State.DONE),
        (False, Outcome.REFUSED, 403, State.REFUSED),
        (False, Outcome.REFUSED, 404, State.REFUSED),
        (True, Outcome.REFUSED, 404, State.REFUSED),
        (True, Outcome.REFUSED, 422, State.REFUSED),
        (True, Outcome.REFUSED, 403, State.UNKNOWN),
        (True, Outcome.REFUSED, 409, State.UNKNOWN),
        (False, Outcome.UNKNOWN, 503, State.UNKNOWN),
        (True, Outcome.UNKNOWN, None, State.UNKNOWN),
        (False, Outcome.NOT_SENT, 429, None),
        (True, Outcome.NOT_SENT, None, None),
    ],
)
def test_a_call_changes_the_state_of_a_row(
    in_doubt: bool, outcome: Outcome, status: int | None, state: State | None
) -> None:
    assert state_after(outcome, status, "SOME_CODE", in_doubt=in_doubt) is state


@pytest.mark.parametrize(
    ("hours", "age"),
    [(0, Age.FRESH), (22.99, Age.FRESH), (23, Age.EXPIRED), (48, Age.EXPIRED), (-0.5, Age.FRESH), (-1, Age.UNCERTAIN)],
)
def test_a_stamp_is_fresh_for_23_hours_and_uncertain_from_the_future(hours: float, age: Age) -> None:
    assert classify_age(timedelta(hours=hours)) is age


def test_every_age_has_a_step_for_each_policy() -> None:
    assert set(STEP_BEFORE_CALL) == {(age, policy) for age in Age for policy in get_args(OnExpired)}
    assert set(STEP_BEFORE_CALL.values()) == set(Step)


@pytest.mark.parametrize("operation", AFTER_WINDOW)
def test_an_operation_has_its_own_rule_and_nothing_that_would_do_it_twice(operation: str) -> None:
    own: OnExpired = AFTER_WINDOW[operation].step.value

    assert choose_on_expired(operation, None) == choose_on_expired(operation, own) == own
    assert choose_on_expired(operation, "fail") == "fail"
    for other in {"resend", "verify"} - {own}:
        wrong: Any = other
        with pytest.raises(ValueError, match=rf"on_expired='{other}' is not for {operation}"):
            choose_on_expired(operation, wrong)


def test_an_unknown_policy_is_refused() -> None:
    unknown: Any = "maybe"

    with pytest.raises(ValueError, match="use 'resend' or 'fail'"):
        choose_on_expired("orders.acknowledge", unknown)

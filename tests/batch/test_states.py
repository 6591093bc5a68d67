"""What may become of a row."""

from datetime import timedelta
from typing import Any

import pytest

from klarna_om.batch.states import BEFORE, Age, State, Step, after, age_of, check_on_expired
from klarna_om.outcome import Outcome


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
def test_a_call_moves_a_row(in_doubt: bool, outcome: Outcome, status: int | None, state: State | None) -> None:
    assert after(outcome, status, "SOME_CODE", in_doubt=in_doubt) is state


@pytest.mark.parametrize(
    ("hours", "age"),
    [(0, Age.FRESH), (22.99, Age.FRESH), (23, Age.EXPIRED), (48, Age.EXPIRED), (-0.5, Age.FRESH), (-1, Age.UNCERTAIN)],
)
def test_a_stamp_is_fresh_for_23_hours_and_of_one_from_the_future_no_age_is_known(hours: float, age: Age) -> None:
    assert age_of(timedelta(hours=hours)) is age


def test_a_window_without_a_stamp_has_no_age() -> None:
    assert age_of(None) is Age.UNSTAMPED


def test_every_age_has_a_step_for_each_policy_that_an_acknowledgement_can_have() -> None:
    assert set(BEFORE) == {(age, policy) for age in Age for policy in ("resend", "fail")}
    assert set(BEFORE.values()) == set(Step)


def test_verifying_is_refused_because_an_order_does_not_tell_that_it_was_acknowledged() -> None:
    with pytest.raises(ValueError, match="does not tell whether it was acknowledged"):
        check_on_expired("verify")


def test_an_unknown_policy_is_refused() -> None:
    unknown: Any = "maybe"
    with pytest.raises(ValueError, match="use 'resend' or 'fail'"):
        check_on_expired(unknown)

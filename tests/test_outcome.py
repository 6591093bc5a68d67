"""How the attempts of one call add up to what is known of it."""

import pytest

from klarna_om.outcome import Outcome, of_call

NOT_SENT, REFUSED, UNKNOWN, DONE = Outcome.NOT_SENT, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.DONE


@pytest.mark.parametrize(
    ("earlier", "last", "status", "call"),
    [
        ([], REFUSED, 403, REFUSED),
        ([], NOT_SENT, 429, NOT_SENT),
        ([NOT_SENT], REFUSED, 403, REFUSED),
        ([NOT_SENT], UNKNOWN, 503, UNKNOWN),
        ([UNKNOWN], DONE, 201, DONE),
        ([DONE], UNKNOWN, None, DONE),
        ([DONE], REFUSED, 403, DONE),
        # The first attempt may have had its effect, and these do not say that it had none:
        ([UNKNOWN], NOT_SENT, 429, UNKNOWN),
        ([UNKNOWN], NOT_SENT, None, UNKNOWN),
        ([UNKNOWN], REFUSED, 401, UNKNOWN),
        ([UNKNOWN], REFUSED, 403, UNKNOWN),
        ([UNKNOWN], REFUSED, 404, UNKNOWN),
        ([UNKNOWN], REFUSED, 409, UNKNOWN),
        # These refuse the request for what it is, so the first attempt was refused too:
        ([UNKNOWN], REFUSED, 400, REFUSED),
        ([UNKNOWN], REFUSED, 422, REFUSED),
    ],
)
def test_an_attempt_in_doubt_stays_in_doubt_until_an_answer_settles_it(
    earlier: list[Outcome], last: Outcome, status: int | None, call: Outcome
) -> None:
    assert of_call(earlier, last, status, "SOME_CODE") is call


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 422, 451])
def test_an_answer_without_klarnas_error_code_settles_nothing(status: int) -> None:
    assert of_call([UNKNOWN], REFUSED, status) is UNKNOWN
    assert of_call([], REFUSED, status, earlier=UNKNOWN) is UNKNOWN


@pytest.mark.parametrize(
    ("earlier", "call", "status", "code", "known"),
    [
        (None, REFUSED, 409, None, REFUSED),
        (REFUSED, UNKNOWN, 503, None, UNKNOWN),
        (DONE, REFUSED, 403, "CAPTURE_NOT_ALLOWED", DONE),
        (UNKNOWN, DONE, 201, None, DONE),
        (UNKNOWN, NOT_SENT, 429, "TOO_MANY_REQUESTS", UNKNOWN),
        (UNKNOWN, REFUSED, 401, None, UNKNOWN),
        (UNKNOWN, REFUSED, 409, "CONFLICT", UNKNOWN),
        (UNKNOWN, REFUSED, 403, "CAPTURE_NOT_ALLOWED", REFUSED),
        (UNKNOWN, REFUSED, 404, "NO_SUCH_ORDER", REFUSED),
    ],
)
def test_what_an_earlier_call_under_the_key_left_counts(
    earlier: Outcome | None, call: Outcome, status: int, code: str | None, known: Outcome
) -> None:
    assert of_call([], call, status, code, earlier) is known

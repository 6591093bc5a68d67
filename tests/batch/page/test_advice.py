"""What the page says about an error code comes from Klarna's documentation, or is not said."""

import pytest

from klarna_om.batch.page.advice import BY_HAND, MEANINGS, NO_ANSWER, REPEATS, SUPPORT, klarnas_advice, meaning_of
from klarna_om.types.vocabulary import ErrorCode


def test_a_known_code_has_a_meaning_and_an_unknown_one_has_none() -> None:
    assert "fraud review is pending" in meaning_of("refused", 403, "CAPTURE_NOT_ALLOWED")
    assert meaning_of("refused", 403, "A_NEW_CODE") == meaning_of("refused", 403, None) == ""


def test_every_code_with_a_meaning_is_one_that_klarna_uses() -> None:
    assert set(MEANINGS) <= {code.value for code in ErrorCode}


@pytest.mark.parametrize("outcome", ["unknown", "escalated"])
def test_without_an_answer_nobody_knows(outcome: str) -> None:
    assert meaning_of(outcome, None, None) == NO_ANSWER


def test_a_refusal_without_a_status_was_never_sent_and_klarna_advises_nothing() -> None:
    assert (meaning_of("refused", None, None), klarnas_advice("refused", None)) == ("", "")


def test_what_is_malformed_was_never_sent_and_klarna_advises_nothing() -> None:
    assert klarnas_advice("malformed", None) == ""


def test_a_refusal_is_corrected_by_hand() -> None:
    assert klarnas_advice("refused", 403) == BY_HAND


def test_after_a_404_the_id_and_the_environment_are_checked() -> None:
    advice = klarnas_advice("refused", 404)

    assert advice.startswith(BY_HAND)
    assert "Nothing happened at Klarna; check the id, and that environment and region" in advice


def test_what_is_unknown_is_repeated_and_what_is_escalated_goes_to_the_support() -> None:
    assert klarnas_advice("unknown", 503) == REPEATS
    assert klarnas_advice("escalated", 503) == klarnas_advice("escalated", 403) == SUPPORT

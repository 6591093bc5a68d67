"""What an exception of the HTTP session says about a request."""

from klarna_om.errors import SessionFailed
from klarna_om.exchange import Request
from klarna_om.http.failures import failure_before_answer
from klarna_om.outcome import Outcome


def test_an_exception_that_nobody_foresaw_leaves_the_outcome_unknown() -> None:
    failure = failure_before_answer(Request("orders.acknowledge", "POST", "/x"), RuntimeError("odd"))

    assert isinstance(failure, SessionFailed)
    assert failure.outcome is Outcome.UNKNOWN
    assert "RuntimeError: odd; the request may have been sent" in str(failure)

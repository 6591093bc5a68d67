"""What the end of a call means for the row, the job and Klarna's health."""

import pytest

from klarna_om.batch.calls import MAX_DETAIL, Sent, called, ended, in_one_line
from klarna_om.batch.states import State
from klarna_om.errors import (
    AnswerCut,
    ClientClosed,
    ConfigurationError,
    ConnectionFailed,
    IdempotencyKeyReused,
    InvalidRequest,
    KeyExpired,
    KlarnaError,
    QueueTimeout,
    RateLimited,
    UnreadableAnswer,
)
from klarna_om.exchange import Request, Response
from klarna_om.outcome import Outcome
from tests.batch.desk import answered, silent, stranger, unreachable

REQUEST = Request("orders.acknowledge", "POST", "/acknowledge")


def unreadable() -> KlarnaError:
    return UnreadableAnswer("200, but unreadable", Response(REQUEST, 200, {}, b"<html>"))


def unauthorized_after_silence() -> KlarnaError:
    error = answered(401)
    error.outcome = Outcome.UNKNOWN
    return error


def refused_after_silence() -> KlarnaError:
    error = answered(403)
    error.outcome = Outcome.UNKNOWN
    return error


@pytest.mark.parametrize(
    ("error", "state", "has_failed", "is_fatal"),
    [
        (answered(403), State.REFUSED, False, False),
        (answered(404), State.REFUSED, False, False),
        (answered(302), State.UNKNOWN, True, False),
        (answered(503), State.UNKNOWN, True, False),
        (silent(), State.UNKNOWN, True, False),
        (AnswerCut("cut", 204, {}, Outcome.DONE), State.DONE, False, False),
        (unreadable(), State.DONE, False, False),
        (answered(429), None, True, False),
        (unreachable(), None, True, False),
        (QueueTimeout("no place"), None, None, False),
        (answered(401), None, False, True),
        (unauthorized_after_silence(), State.UNKNOWN, True, True),
        (stranger(200), State.UNKNOWN, True, False),
        (stranger(404), State.UNKNOWN, True, False),
        (stranger(429), State.UNKNOWN, True, False),
        (refused_after_silence(), State.UNKNOWN, False, False),
        (KeyExpired("too old"), None, None, False),
        (ConfigurationError("no"), None, True, True),
        (ClientClosed("closed"), None, True, True),
        (InvalidRequest(("no",)), None, True, True),
        (IdempotencyKeyReused("key"), None, True, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, KlarnaError) else str(value),
)
def test_an_error_is_judged_by_what_is_known(
    error: KlarnaError, state: State | None, has_failed: bool | None, is_fatal: bool
) -> None:
    call = ended(error, in_doubt=False)
    assert (call.state, call.has_failed, call.is_fatal) == (state, has_failed, is_fatal)


def test_an_error_keeps_its_facts_for_the_report() -> None:
    body = b'{"error_code": "NOT_ALLOWED", "error_messages": ["Not now."], "correlation_id": "x"}'
    call = ended(answered(403, body), in_doubt=False)
    assert (call.status, call.error_code, call.correlation_id, call.attempts) == (403, "NOT_ALLOWED", "answer-403", 1)
    assert "Not now." in call.detail


def test_a_refusal_of_a_row_in_doubt_does_not_settle_it() -> None:
    assert ended(answered(403), in_doubt=True).state is State.UNKNOWN
    assert ended(answered(404), in_doubt=True).state is State.REFUSED


def test_the_rate_limit_says_how_long_to_wait() -> None:
    limited = answered(429)
    assert isinstance(limited, RateLimited)
    limited.retry_after = 7.0
    assert ended(limited, in_doubt=False).delay == 7.0
    assert ended(answered(429), in_doubt=False).delay == 0.0


@pytest.mark.parametrize(
    ("error", "in_doubt", "is_refusal", "is_unrecognized", "can_be_settled"),
    [
        (answered(403), False, True, False, False),
        (answered(403), True, True, False, False),
        (answered(409), True, True, False, True),
        (answered(503), False, False, False, True),
        (silent(), False, False, False, True),
        (stranger(404), False, False, True, True),
        (stranger(302), False, False, True, True),
        (stranger(429), False, False, False, True),
        (unreadable(), False, False, False, False),
        (unreachable(), False, False, False, False),
    ],
)
def test_who_answered_and_whether_a_repeat_helps(
    error: KlarnaError, in_doubt: bool, is_refusal: bool, is_unrecognized: bool, can_be_settled: bool
) -> None:
    call = ended(error, in_doubt=in_doubt)

    assert (call.is_refusal, call.is_unrecognized) == (is_refusal, is_unrecognized)
    assert call.can_be_settled is can_be_settled


def test_what_others_wrote_is_kept_short_and_in_one_line() -> None:
    body = b'{"error_code": "BAD", "error_messages": ["one\\n\\u001b[2Jtwo ' + b"y" * 500_000 + b'"]}'

    call = ended(answered(400, body), in_doubt=False)

    assert len(call.detail) == MAX_DETAIL
    assert call.detail.startswith("400 BAD: one [2Jtwo yyy")
    assert call.detail.endswith("...")


def test_a_correlation_id_is_kept_short() -> None:
    error = answered(400)
    error.correlation_id = "x" * 8000

    assert len(ended(error, in_doubt=False).correlation_id or "") == MAX_DETAIL


def test_a_short_text_stays_as_it_is() -> None:
    assert in_one_line("a" * MAX_DETAIL) == "a" * MAX_DETAIL


async def test_a_success_is_done() -> None:
    async def send(order_id: str, key: str) -> Sent:
        return Sent(204, f"{order_id} {key}", 3)

    call = await called(send, "order", "key", in_doubt=True)
    assert (call.state, call.status, call.correlation_id, call.attempts) == (State.DONE, 204, "order key", 3)
    assert call.has_failed is False
    assert not call.is_fatal


async def test_a_failure_that_is_no_error_of_klarna_is_raised() -> None:
    async def send(order_id: str, key: str) -> Sent:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await called(send, "order", "key", in_doubt=False)


def test_a_certificate_that_is_rejected_counts_as_no_connection() -> None:
    from klarna_om.errors import CertificateRejected

    assert issubclass(CertificateRejected, ConnectionFailed)
    assert not ended(CertificateRejected("wrong name"), in_doubt=False).is_fatal

"""What the end of a call means for the row, the job and Klarna's health."""

import pytest

from klarna_om.batch.calls import MAX_DETAIL, SendResult, call, in_one_line, result_of_error
from klarna_om.batch.journal import Row
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
from klarna_om.exchange import Attempt, Request, Response
from klarna_om.keys import Key
from klarna_om.outcome import Outcome
from tests.batch.fake_sender import connection_error, foreign_error, no_answer_error, response_error

REQUEST = Request("orders.acknowledge", "POST", "/acknowledge")

ROW = Row(1, "order", State.PENDING)


def unreadable() -> KlarnaError:
    return UnreadableAnswer("200, but unreadable", Response(REQUEST, 200, {}, b"<html>"))


def unauthorized_after_silence() -> KlarnaError:
    error = response_error(401)
    error.outcome = Outcome.UNKNOWN
    return error


def refused_after_silence() -> KlarnaError:
    error = response_error(403)
    error.outcome = Outcome.UNKNOWN
    return error


@pytest.mark.parametrize(
    ("error", "state", "has_failed", "is_fatal"),
    [
        (response_error(403), State.REFUSED, False, False),
        (response_error(404), State.REFUSED, False, False),
        (response_error(302), State.UNKNOWN, True, False),
        (response_error(503), State.UNKNOWN, True, False),
        (no_answer_error(), State.UNKNOWN, True, False),
        (AnswerCut("cut", 204, {}, Outcome.DONE), State.DONE, False, False),
        (unreadable(), State.DONE, False, False),
        (response_error(429), None, True, False),
        (connection_error(), None, True, False),
        (QueueTimeout("no place"), None, None, False),
        (response_error(401), None, False, True),
        (unauthorized_after_silence(), State.UNKNOWN, True, True),
        (foreign_error(200), State.UNKNOWN, True, False),
        (foreign_error(404), State.UNKNOWN, True, False),
        (foreign_error(429), State.UNKNOWN, True, False),
        (refused_after_silence(), State.UNKNOWN, False, False),
        (KeyExpired("too old"), None, None, False),
        (ConfigurationError("no"), None, True, True),
        (ClientClosed("closed"), None, True, True),
        (InvalidRequest(("no",)), None, True, True),
        (IdempotencyKeyReused("key"), None, True, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, KlarnaError) else str(value),
)
def test_an_error_gives_state_health_and_fatality(
    error: KlarnaError, state: State | None, has_failed: bool | None, is_fatal: bool
) -> None:
    result = result_of_error(error, in_doubt=False)

    assert (result.state, result.has_failed, result.is_fatal) == (state, has_failed, is_fatal)


def test_an_error_keeps_its_facts_for_the_report() -> None:
    body = b'{"error_code": "NOT_ALLOWED", "error_messages": ["Not now."], "correlation_id": "x"}'

    result = result_of_error(response_error(403, body), in_doubt=False)

    assert (result.status, result.error_code, result.correlation_id, result.attempts) == (
        403,
        "NOT_ALLOWED",
        "answer-403",
        1,
    )
    assert "Not now." in result.detail


def test_a_refusal_of_a_row_in_doubt_does_not_settle_it() -> None:
    assert result_of_error(response_error(403), in_doubt=True).state is State.UNKNOWN
    assert result_of_error(response_error(404), in_doubt=True).state is State.REFUSED


def test_the_rate_limit_gives_the_delay() -> None:
    limited = response_error(429)

    assert isinstance(limited, RateLimited)

    limited.retry_after = 7.0

    assert result_of_error(limited, in_doubt=False).delay == 7.0
    assert result_of_error(response_error(429), in_doubt=False).delay == 0.0


@pytest.mark.parametrize(
    ("error", "in_doubt", "is_refusal", "is_unrecognized", "can_be_settled"),
    [
        (response_error(403), False, True, False, False),
        (response_error(403), True, True, False, False),
        (response_error(409), True, True, False, True),
        (response_error(503), False, False, False, True),
        (no_answer_error(), False, False, False, True),
        (foreign_error(404), False, False, True, True),
        (foreign_error(302), False, False, True, True),
        (foreign_error(429), False, False, True, True),
        (unreadable(), False, False, False, False),
        (connection_error(), False, False, False, False),
    ],
)
def test_who_answered_and_whether_a_repeat_helps(
    error: KlarnaError, in_doubt: bool, is_refusal: bool, is_unrecognized: bool, can_be_settled: bool
) -> None:
    result = result_of_error(error, in_doubt=in_doubt)

    assert (result.is_refusal, result.is_unrecognized) == (is_refusal, is_unrecognized)
    assert result.can_be_settled is can_be_settled


def test_text_from_a_server_is_kept_short_and_in_one_line() -> None:
    body = b'{"error_code": "BAD", "error_messages": ["one\\n\\u001b[2Jtwo ' + b"y" * 50_000 + b'"]}'

    result = result_of_error(response_error(400, body), in_doubt=False)

    assert len(result.detail) == MAX_DETAIL
    assert result.detail.startswith("400 BAD: one [2Jtwo yyy")
    assert result.detail.endswith("...")


def test_a_correlation_id_is_kept_short() -> None:
    error = response_error(400)
    error.correlation_id = "x" * 8000

    assert len(result_of_error(error, in_doubt=False).correlation_id or "") == MAX_DETAIL


def test_a_short_string_is_unchanged() -> None:
    assert in_one_line("a" * MAX_DETAIL) == "a" * MAX_DETAIL


async def test_a_success_is_done() -> None:
    async def send(row: Row, key: Key) -> SendResult:
        return SendResult(204, f"{row.order_id} {key}", 3)

    result = await call(send, ROW, Key("key"), "orders.acknowledge", in_doubt=True)

    assert (result.state, result.status, result.correlation_id, result.attempts) == (State.DONE, 204, "order key", 3)
    assert result.has_failed is False
    assert not result.is_fatal


async def test_an_exception_that_is_no_klarna_error_is_raised() -> None:
    async def send(row: Row, key: Key) -> SendResult:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await call(send, ROW, Key("key"), "orders.acknowledge", in_doubt=False)


def test_a_certificate_that_is_rejected_counts_as_no_connection() -> None:
    from klarna_om.errors import CertificateRejected

    assert issubclass(CertificateRejected, ConnectionFailed)
    assert not result_of_error(CertificateRejected("wrong name"), in_doubt=False).is_fatal


def with_attempts(error: KlarnaError, *statuses: int | None) -> KlarnaError:
    error.attempts = tuple(
        Attempt(number=number, outcome=Outcome.NOT_SENT, status=status, cause="", correlation_id=None, elapsed=0.1)
        for number, status in enumerate(statuses, 1)
    )
    return error


@pytest.mark.parametrize(
    ("error", "is_unsent"),
    [
        (connection_error(), True),
        (with_attempts(connection_error(), None, None), True),
        (with_attempts(connection_error(), 429, None), False),
        (response_error(429), False),
        (response_error(401), False),
        (no_answer_error(), False),
        (QueueTimeout("no place"), True),
        (ClientClosed("closed"), True),
    ],
    ids=["no-connection", "attempts", "429-first", "429", "401", "no-answer", "queue", "closed"],
)
def test_a_call_is_unsent_when_no_attempt_left_this_machine(error: KlarnaError, is_unsent: bool) -> None:
    assert result_of_error(error, in_doubt=False).is_unsent is is_unsent


async def test_a_success_was_sent() -> None:
    async def send(row: Row, key: Key) -> SendResult:
        return SendResult(204)

    assert not (await call(send, ROW, Key("key"), "orders.acknowledge", in_doubt=False)).is_unsent

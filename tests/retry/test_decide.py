"""The decision after an attempt is a pure function of the request, the result, the attempts and the time."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from klarna_om.answers.classification import classify
from klarna_om.errors import CertificateRejected, ConfigurationError, ConnectionLost
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.retry.decide import Now, decide
from klarna_om.retry.policy import FullJitter, Retry, Schedule
from klarna_om.retry.rules import Result
from tests.support.time import longest

WRITE = Request("captures.create", "POST", "/captures", "order", {KEY_HEADER: "key"})
NOW = Now(loop=100.0, wall=1_800_000_000.0)


def answer(status: int, headers: dict[str, str] | None = None) -> Response:
    response = Response(WRITE, status, {"Klarna-Correlation-Id": "c", **(headers or {})}, b"")
    return replace(response, classification=classify(response))


def test_a_result_that_a_rule_retries_is_tried_again_after_the_backoff() -> None:
    decision = decide(WRITE, answer(503), 2, NOW, Retry(), longest)

    assert (decision.retry, decision.delay, decision.reason, decision.cost) == (True, 1.0, "", 5)


def test_the_server_may_ask_for_a_longer_wait() -> None:
    decision = decide(WRITE, answer(503, {"Retry-After": "7"}), 1, NOW, Retry(), longest)

    assert (decision.retry, decision.delay, decision.retry_after) == (True, 7.0, 7.0)


@pytest.mark.parametrize(
    ("change", "result", "attempts", "reason"),
    [
        (lambda request: request, answer(503), 4, "attempt 4 is the last that the policy allows"),
        (lambda request: request, answer(503, {"Retry-After": "31"}), 1, "the server asks to wait 31 s"),
        (lambda request: request.with_changes(deadline=100.5), ConnectionLost(""), 1, "total_timeout would pass"),
        (
            lambda request: request.with_changes(retry_until=NOW.wall + 0.5),
            ConnectionLost(""),
            1,
            "older than the 24 hours",
        ),
        (lambda request: request, CertificateRejected(""), 1, "never retried: certificate rejected"),
    ],
)
def test_each_reason_to_stop_is_named(
    change: Callable[[Request], Request], result: Result, attempts: int, reason: str
) -> None:
    decision = decide(change(WRITE), result, attempts, NOW, Retry(), longest)

    assert not decision.retry
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("backoff", "reason"),
    [
        (lambda failures: 1.0, "the backoff raised TypeError"),
        (lambda failures, uniform: None, "the backoff gave None, which is no number of seconds"),
        (lambda failures, uniform: float("nan"), "the backoff gave nan"),
        (lambda failures, uniform: 1 / 0, "the backoff raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_backoff_that_gives_no_seconds_ends_the_call(backoff: Any, reason: str) -> None:
    decision = decide(WRITE, answer(503), 1, NOW, Retry(backoff=backoff), longest)

    assert not decision.retry
    assert decision.reason.startswith(reason)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Schedule(()),
        lambda: Schedule((1.0, -1.0)),
        lambda: FullJitter(base=float("nan")),
        lambda: FullJitter(cap=-1.0),
    ],
)
def test_a_backoff_without_seconds_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError, match="numbers of seconds"):
        make()

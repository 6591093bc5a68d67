"""When a call is tried again: every rule, every delay, every reason to stop. Time does not pass here."""

import asyncio
from email.utils import formatdate
from typing import Any

import pytest
from msgspec.structs import replace

from klarna_om.answers.classification import classify
from klarna_om.client import KlarnaClient
from klarna_om.errors import (
    AnswerCut,
    AnswerTimeout,
    CertificateRejected,
    ClientClosed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    KeyExpired,
    MiddlewareFailed,
    QueueTimeout,
    RateLimited,
    ServerError,
    SessionFailed,
)
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.middleware.retry import RetryMiddleware
from klarna_om.options import Options
from klarna_om.outcome import Outcome
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import FullJitter, Retry, Schedule
from klarna_om.retry.rules import RETRY_RULES, Result, rule_for
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.time import Clock, Sleeps, longest
from tests.support.wire import Answer, Wire

WRITE = Request("captures.create", "POST", "/captures", ORDER_ID, {KEY_HEADER: "key"})


def answer(status: int) -> Response:
    response = Response(WRITE, status, {"Klarna-Correlation-Id": "c"}, b"")
    return replace(response, classification=classify(response))


def foreign(status: int) -> Response:
    response = Response(WRITE, status, {"Content-Type": "text/html"}, b"<html>")
    return replace(response, classification=classify(response))


def cut(status: int, outcome: Outcome = Outcome.UNKNOWN) -> AnswerCut:
    return AnswerCut("", status, {}, outcome)


RULES: list[tuple[str, list[Result], bool, int]] = [
    ("success", [answer(200), answer(201), answer(204)], False, 0),
    ("certificate rejected", [CertificateRejected("")], False, 0),
    ("connection failed", [ConnectionFailed("")], True, 5),
    ("no answer in time", [AnswerTimeout("")], True, 10),
    ("connection lost", [ConnectionLost("")], True, 5),
    ("success, cut", [cut(201, Outcome.DONE), cut(204, Outcome.DONE)], True, 5),
    ("no place in time", [QueueTimeout("")], False, 0),
    ("middleware failed", [MiddlewareFailed("")], False, 0),
    ("client closed", [ClientClosed("")], False, 0),
    ("key expired", [KeyExpired("")], False, 0),
    ("401", [answer(401), foreign(401), cut(401, Outcome.REFUSED)], False, 0),
    ("not Klarna's answer", [foreign(200), foreign(202), foreign(403), foreign(404), cut(200), cut(404)], True, 5),
    ("408", [answer(408), cut(408)], True, 10),
    ("429", [answer(429), cut(429, Outcome.NOT_SENT)], True, 5),
    ("5xx", [answer(500), answer(501), answer(507), answer(522), foreign(530), cut(599)], True, 5),
    ("redirect", [answer(301), answer(302), answer(303), answer(307), answer(308)], False, 0),
    (
        "refused by Klarna",
        [answer(status) for status in (400, 403, 404, 405, 409, 413, 415, 422)] + [cut(403, Outcome.REFUSED)],
        False,
        0,
    ),
    ("session failed", [SessionFailed("")], False, 0),
    ("anything else", [answer(101), answer(999)], False, 0),
]


@pytest.mark.parametrize(("name", "results", "is_retried", "cost"), RULES, ids=lambda value: str(value)[:24])
def test_each_result_has_its_rule(name: str, results: list[Result], is_retried: bool, cost: int) -> None:
    for result in results:
        rule = rule_for(WRITE, result)
        assert (rule.name, rule.is_retried, rule.cost) == (name, is_retried, cost)


def test_every_rule_is_tested_and_gives_its_reason() -> None:
    assert {rule.name for rule in RETRY_RULES} == {name for name, *_ in RULES} | {"write without a key"}
    assert all(rule.reason for rule in RETRY_RULES)


@pytest.mark.parametrize("result", [answer(503), ConnectionLost(""), answer(429)])
def test_a_write_without_a_key_is_never_retried(result: Result) -> None:
    assert rule_for(WRITE.with_changes(headers={}), result).name == "write without a key"
    assert rule_for(WRITE.with_changes(headers={}, method="GET"), result).is_retried


async def test_the_delays_are_full_jitter_doubling_up_to_the_cap(
    make_client: MakeClient, server: Wire, sleeps: Sleeps
) -> None:
    server.otherwise = Answer(503)
    klarna = make_client(retry=Retry(max_attempts=9, backoff=FullJitter(base=0.5, cap=20.0), total_timeout=None))

    with pytest.raises(ServerError):
        await klarna.orders.get(ORDER_ID)

    assert sleeps.durations == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]
    assert len(server.requests) == 9


def test_full_jitter_draws_from_nothing_to_the_doubled_base() -> None:
    drawn: list[tuple[float, float]] = []
    backoff = FullJitter(base=0.5, cap=3.0)

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    for failures in (1, 2, 3, 4):
        backoff(failures, draw)

    assert drawn == [(0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (0.0, 3.0)]


async def test_klarnas_own_policy_waits_5_seconds_5_minutes_and_5_hours(
    make_client: MakeClient, server: Wire, sleeps: Sleeps
) -> None:
    server.otherwise = Answer(500)

    with pytest.raises(ServerError):
        await make_client(retry=Retry.klarna_policy()).orders.acknowledge(ORDER_ID)

    assert sleeps.durations == [5.0, 300.0, 18_000.0]
    assert len({request.raw for request in server.requests}) == 1


def test_the_default_is_the_interactive_policy() -> None:
    assert Retry() == Retry.interactive() == Options().retry
    assert (Options().total, Options(total_timeout=None).total, Options(total_timeout=7).total) == (180.0, None, 7)


def test_a_schedule_repeats_its_last_delay() -> None:
    assert [Schedule((1.0, 2.0))(failures, longest) for failures in (1, 2, 3, 9)] == [1.0, 2.0, 2.0, 2.0]


async def test_retry_off_makes_one_attempt(make_client: MakeClient, server: Wire, sleeps: Sleeps) -> None:
    server.otherwise = Answer(503)

    with pytest.raises(ServerError, match="503"):
        await make_client(retry=Retry.off()).orders.acknowledge(ORDER_ID)

    assert (len(server.requests), sleeps.durations) == (1, [])


@pytest.mark.parametrize("attempts", [0, -1, 1.5, True, "4", None])
def test_a_policy_makes_at_least_one_attempt(attempts: Any) -> None:
    with pytest.raises(ConfigurationError, match="1 or more"):
        Retry(max_attempts=attempts)


def test_a_policy_of_the_wrong_kind_is_named() -> None:
    wrong: Any = 5

    with pytest.raises(ConfigurationError, match=r"backoff is FullJitter\(...\)"):
        Retry(backoff=wrong)
    with pytest.raises(ConfigurationError, match="max_retry_after is a number of seconds, not -1"):
        Retry(max_retry_after=-1)


@pytest.mark.parametrize(
    ("status", "headers", "delay"),
    [
        (429, {"Retry-After": "3"}, 3.0),
        (503, {"Retry-After": "3"}, 3.0),
        (429, {"X-Ratelimit-Reset": "2"}, 2.0),
        (429, {"X-Ratelimit-Reset": "2", "Retry-After": "4"}, 4.0),
        (503, {"X-Ratelimit-Reset": "2"}, 0.5),
        (429, {"Retry-After": "-5"}, 0.5),
        (429, {"Retry-After": "soon"}, 0.5),
        (503, {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, 0.5),
        (429, {"Retry-After": "nan"}, 0.5),
        (429, {"Retry-After": "inf"}, 0.5),
        (429, {"Retry-After": ""}, 0.5),
        (429, {"Retry-After": "0.1"}, 0.5),
        (429, {"Retry-After": formatdate(1_800_000_007, usegmt=True)}, 7.0),
        (429, {"Retry-After": formatdate(1_800_000_007).replace("-0000", "")}, 7.0),
        (429, {"Retry-After": formatdate(1_700_000_000, usegmt=True)}, 0.5),
        (503, {"Retry-After": "30"}, 30.0),
    ],
)
async def test_what_the_server_asks_for_is_obeyed(
    klarna: KlarnaClient, server: Wire, sleeps: Sleeps, status: int, headers: dict[str, str], delay: float
) -> None:
    server.will(Answer(status, headers))

    await klarna.orders.acknowledge(ORDER_ID)

    assert sleeps.durations == [delay]


@pytest.mark.parametrize("header", [{"Retry-After": "31"}, {"X-Ratelimit-Reset": "99999"}])
async def test_a_wait_beyond_the_cap_fails_at_once_and_says_when(
    klarna: KlarnaClient, server: Wire, sleeps: Sleeps, header: dict[str, str]
) -> None:
    server.otherwise = Answer(429, header)

    with pytest.raises(RateLimited) as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert (len(server.requests), sleeps.durations) == (1, [])
    assert caught.value.retry_after == float(*header.values())
    assert caught.value.outcome is Outcome.NOT_SENT


async def test_a_wait_that_would_pass_the_total_time_is_not_begun(
    make_client: MakeClient, server: Wire, sleeps: Sleeps
) -> None:
    server.otherwise = Answer(503)

    with pytest.raises(ServerError) as caught:
        await make_client(total_timeout=1.2).orders.acknowledge(ORDER_ID)

    assert sleeps.durations == [0.5, 1.0]
    assert caught.value.stopped == "total_timeout would pass while waiting"


async def test_a_retry_after_the_keys_24_hours_is_not_made(
    make_client: MakeClient, server: Wire, wall_clock: Clock
) -> None:
    server.otherwise = Answer(503)

    async def pass_time(seconds: float) -> None:
        wall_clock.now += seconds

    klarna = make_client(
        retry=Retry(max_attempts=3, backoff=Schedule((86_000.0, 500.0)), total_timeout=None), sleep=pass_time
    )

    with pytest.raises(ServerError) as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert len(server.requests) == 2
    assert "older than the 24 hours" in caught.value.stopped
    assert caught.value.retry_until is not None
    assert caught.value.retry_until.timestamp() == 1_800_000_000 + 24 * 3600


async def test_an_empty_budget_stops_retries_and_successes_fill_it(make_client: MakeClient, server: Wire) -> None:
    budget = Budget(capacity=12)
    klarna = make_client(budget=budget, retry=Retry(max_attempts=9))
    server.otherwise = Answer(503)

    with pytest.raises(ServerError) as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert (len(server.requests), budget.tokens) == (3, 2)
    assert "the retry budget is empty" in caught.value.stopped

    server.otherwise = Answer(204)
    for _ in range(3):
        await klarna.orders.acknowledge(ORDER_ID)
    assert budget.tokens == 5

    server.will(Answer(503))
    await klarna.orders.acknowledge(ORDER_ID)
    assert budget.tokens == 5  # the retry's five are put back by the success it led to


def test_the_budget_never_overflows() -> None:
    budget = Budget(capacity=10)
    budget.put_back(100)

    assert (budget.tokens, budget.spend(11), budget.tokens) == (10, False, 10)


async def test_a_success_never_enters_tenacity(klarna: KlarnaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.AsyncRetrying", None)

    await klarna.orders.acknowledge(ORDER_ID)


async def test_two_hundred_concurrent_calls_with_mixed_faults_each_get_their_own_answer() -> None:
    async def below(request: Request) -> Response:
        await asyncio.sleep(0)
        number = int(request.order_id or "")
        if request.attempt <= number % 4:
            raise ConnectionLost("") if number % 2 else ConnectionFailed("")
        return Response(request, 200, {}, (request.order_id or "").encode())

    retrying = RetryMiddleware(Retry(), Budget(10_000), None, Sleeps(), longest)
    numbers = [str(number) for number in range(200)]

    answers = await asyncio.gather(*(retrying(WRITE.with_changes(order_id=number), below) for number in numbers))

    assert [answer.body.decode() for answer in answers] == numbers
    assert [len(answer.attempts) for answer in answers] == [
        number % 4 + 1 if number % 4 else 0 for number in range(200)
    ]


@pytest.mark.parametrize("attempt", [1, 2])
async def test_cancellation_is_never_retried(attempt: int) -> None:
    attempts_made = 0

    async def below(request: Request) -> Response:
        nonlocal attempts_made
        attempts_made += 1
        if attempts_made == attempt:
            raise asyncio.CancelledError
        return answer(503)

    with pytest.raises(asyncio.CancelledError):
        await RetryMiddleware(Retry(), Budget(), None, Sleeps(), longest)(WRITE, below)

    assert attempts_made == attempt


@pytest.mark.parametrize(("method", "status", "lines"), [("POST", 503, 1), ("POST", 429, 0), ("GET", 503, 0)])
async def test_only_a_write_in_doubt_is_logged_when_the_wait_is_cancelled(
    caplog: pytest.LogCaptureFixture, method: str, status: int, lines: int
) -> None:
    async def below(request: Request) -> Response:
        return answer(status)

    async def cancelled(_: float) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await RetryMiddleware(Retry(), Budget(), None, cancelled, longest)(WRITE.with_changes(method=method), below)

    assert len(caplog.records) == lines


async def test_any_other_exception_passes_at_once() -> None:
    async def below(request: Request) -> Response:
        if request.attempt == 2:
            raise ZeroDivisionError
        return answer(503)

    with pytest.raises(ZeroDivisionError):
        await RetryMiddleware(Retry(), Budget(), None, Sleeps(), longest)(WRITE, below)

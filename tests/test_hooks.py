"""Hooks for metrics: an event for each call, attempt and wait; they never change what a call comes to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import define, field

from klarna_om.client import KlarnaClient
from klarna_om.errors import InvalidRequest, KlarnaError, QueueTimeout
from klarna_om.exchange import Request, Response
from klarna_om.hooks import AttemptEvent, CallEvent, Hooks, WaitEvent
from klarna_om.middleware import Handler
from klarna_om.options import Options
from klarna_om.outcome import Outcome
from klarna_om.pace.pacer import Pacer
from klarna_om.retry.budget import Budget
from klarna_om.types import CaptureObject, RefundObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.time import Sleeps
from tests.support.wire import Answer, Broken, Cut, Wire, json_answer


@define
class Recorder:
    """Hooks that keep what they are given."""

    calls: list[CallEvent] = field(factory=list[CallEvent])
    attempts: list[AttemptEvent] = field(factory=list[AttemptEvent])
    waits: list[WaitEvent] = field(factory=list[WaitEvent])

    @property
    def hooks(self) -> Hooks:
        return Hooks(on_call=self.calls.append, on_attempt=self.attempts.append, on_wait=self.waits.append)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def test_a_call_and_each_attempt_have_an_event(
    make_client: MakeClient, server: Wire, recorder: Recorder, sleeps: Sleeps
) -> None:
    server.will(Answer(503, {"Klarna-Correlation-Id": "first"}), Answer(204, {"Klarna-Correlation-Id": "second"}))

    await make_client(hooks=[recorder.hooks]).orders.acknowledge(ORDER_ID, idempotency_key="key")

    (call,) = recorder.calls
    assert (call.operation, call.order_id, call.idempotency_key) == ("orders.acknowledge", ORDER_ID, "key")
    assert (call.outcome, call.error, call.status, call.error_code) == (Outcome.DONE, None, 204, None)
    assert call.correlation_id == "second"
    assert [attempt.status for attempt in call.attempts] == [503, 204]
    first, second = recorder.attempts
    assert (first.number, first.error, first.outcome) == (1, "ServerError", Outcome.UNKNOWN)
    assert (first.correlation_id, second.correlation_id) == ("first", "second")
    assert (second.number, second.error, second.outcome, second.status) == (2, None, Outcome.DONE, 204)
    assert (second.operation, second.method, second.order_id) == ("orders.acknowledge", "POST", ORDER_ID)
    assert (first.idempotency_key, second.idempotency_key) == ("key", "key")
    assert 0 < second.elapsed < call.elapsed


async def test_a_first_success_has_one_attempt_and_the_key_that_was_made(
    make_client: MakeClient, server: Wire, recorder: Recorder
) -> None:
    await make_client(hooks=[recorder.hooks]).orders.acknowledge(ORDER_ID)

    (call,) = recorder.calls
    assert [attempt.rule for attempt in call.attempts] == ["success"]
    assert call.idempotency_key == server.requests[0].headers["klarna-idempotency-key"]
    assert type(call.idempotency_key) is str


async def test_a_read_has_no_key(make_client: MakeClient, server: Wire, recorder: Recorder) -> None:
    server.will(json_answer({"order_id": ORDER_ID}))

    await make_client(hooks=[recorder.hooks]).orders.get(ORDER_ID)

    assert (recorder.calls[0].idempotency_key, recorder.attempts[0].idempotency_key) == (None, None)


Call = Callable[[KlarnaClient], Awaitable[Any]]
FAILURES: list[tuple[Answer | Broken, Outcome, str, str | None]] = [
    (json_answer({"error_code": "REFUND_NOT_ALLOWED"}, 403), Outcome.REFUSED, "NotAllowed", "REFUND_NOT_ALLOWED"),
    (
        Answer(404, body=b"<html>", is_signed=False),
        Outcome.UNKNOWN,
        "UnrecognizedAnswer",
        None,
    ),
    (Answer(201, {"Klarna-Correlation-Id": "c"}), Outcome.DONE, "UnreadableAnswer", None),
    (Broken(Cut.RESET), Outcome.UNKNOWN, "ConnectionLost", None),
    (Broken(Cut.MID_BODY, Answer(201, {"Refund-Id": "r"}, b"{}")), Outcome.DONE, "AnswerCut", None),
]


@pytest.mark.parametrize(("answer", "outcome", "name", "code"), FAILURES)
async def test_a_failure_is_reported_as_the_error_says_it(
    answer: Any,
    outcome: Outcome,
    name: str,
    code: str | None,
    make_client: MakeClient,
    server: Wire,
    recorder: Recorder,
) -> None:
    server.otherwise = answer

    with pytest.raises(KlarnaError) as caught:
        await make_client(hooks=[recorder.hooks]).refunds.create(ORDER_ID, RefundObject(refunded_amount=1))

    (call,) = recorder.calls
    assert (call.outcome, call.error, call.error_code) == (outcome, name, code)
    assert (call.outcome, call.idempotency_key) == (caught.value.outcome, caught.value.idempotency_key)
    assert len(call.attempts) == max(1, len(caught.value.attempts))
    assert type(caught.value).__name__ == name
    assert {(attempt.outcome, attempt.error) for attempt in recorder.attempts} == {(outcome, name)}


async def test_a_call_that_was_refused_here_has_no_attempt(make_client: MakeClient, recorder: Recorder) -> None:
    klarna = make_client(hooks=[recorder.hooks])

    with pytest.raises(InvalidRequest):
        await klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=-1))

    (call,) = recorder.calls
    assert (call.outcome, call.error, call.attempts) == (Outcome.NOT_SENT, "InvalidRequest", ())
    assert (recorder.attempts, recorder.waits) == ([], [])


async def test_a_cancelled_call_is_reported_with_what_is_known(
    make_client: MakeClient, server: Wire, recorder: Recorder
) -> None:
    server.otherwise = Broken(Cut.HANG)
    klarna = make_client(hooks=[recorder.hooks])
    calls = [
        asyncio.ensure_future(klarna.orders.acknowledge(ORDER_ID, idempotency_key="key")),
        asyncio.ensure_future(klarna.orders.get(ORDER_ID)),
    ]
    while len(server.requests) < 2:
        await asyncio.sleep(0.001)

    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)

    seen = {(event.error, event.outcome, event.idempotency_key) for event in recorder.calls}
    assert seen == {("CancelledError", Outcome.UNKNOWN, "key"), ("CancelledError", Outcome.NOT_SENT, None)}
    assert {event.outcome for event in recorder.attempts} == {Outcome.UNKNOWN, Outcome.NOT_SENT}


async def test_what_a_middleware_raises_is_reported_by_its_name(make_client: MakeClient, recorder: Recorder) -> None:
    async def fail(request: Request, below: Handler) -> Response:
        raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        await make_client(hooks=[recorder.hooks], middleware=[fail]).orders.acknowledge(ORDER_ID)

    assert (recorder.calls[0].error, recorder.calls[0].outcome) == ("ValueError", Outcome.UNKNOWN)


async def test_an_answer_that_a_middleware_made_is_reported_as_it_is_read(
    make_client: MakeClient, recorder: Recorder
) -> None:
    async def invent(request: Request, below: Handler) -> Response:
        return Response(request, 204, {"Klarna-Correlation-Id": "made"}, b"")

    await make_client(hooks=[recorder.hooks], middleware=[invent]).orders.acknowledge(ORDER_ID)

    assert (recorder.calls[0].error, recorder.calls[0].outcome) == (None, Outcome.DONE)


async def test_an_attempt_that_finds_its_place_free_has_waited_for_nothing(
    make_client: MakeClient, recorder: Recorder
) -> None:
    await make_client(hooks=[recorder.hooks]).orders.acknowledge(ORDER_ID)

    assert recorder.waits == [WaitEvent(operation="orders.acknowledge", lane="live", elapsed=0.0, has_place=True)]


async def test_a_wait_for_the_rate_limit_is_measured(make_client: MakeClient, recorder: Recorder) -> None:
    klarna = make_client(hooks=[recorder.hooks], pace=Pacer(5)).with_options(lane="batch")

    await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(3)))

    first, second, third = recorder.waits
    assert (first.elapsed, first.lane) == (0.0, "batch")
    assert 0 < second.elapsed < third.elapsed < 5


async def test_a_wait_that_ends_without_a_place_says_so(
    make_client: MakeClient, server: Wire, recorder: Recorder
) -> None:
    server.otherwise = Broken(Cut.HANG)
    klarna = make_client(hooks=[recorder.hooks], in_flight=1, queue_timeout=0.01)
    first = asyncio.ensure_future(klarna.orders.acknowledge(ORDER_ID))
    await asyncio.sleep(0)

    with pytest.raises(QueueTimeout):
        await klarna.orders.acknowledge(ORDER_ID)

    assert (recorder.waits[-1].has_place, recorder.waits[-1].elapsed >= 0.01) == (False, True)
    assert [call.error for call in recorder.calls] == ["QueueTimeout"]
    assert [call.attempts[0].outcome for call in recorder.calls] == [Outcome.NOT_SENT]
    assert recorder.attempts == []
    first.cancel()


async def test_a_hook_that_raises_changes_nothing_and_is_logged_once(
    make_client: MakeClient, server: Wire, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    hooks = [Hooks(on_call=broken, on_attempt=broken, on_wait=broken), recorder.hooks]
    server.otherwise = Answer(201, {"Capture-Id": "c-1"})
    klarna = make_client(hooks=hooks)

    with caplog.at_level(logging.ERROR, "klarna_om"):
        ids = [await klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=1)) for _ in range(3)]

    assert ids == ["c-1"] * 3
    assert [record.message.partition(" at ")[0] for record in caplog.records] == [
        "the hook <function test_a_hook_that_raises_changes_nothing_and_is_logged_once.<locals>.broken"
    ] * 3  # one for each of the three places
    assert (len(recorder.calls), len(recorder.attempts), len(recorder.waits)) == (3, 3, 3)


async def test_a_copy_with_other_options_has_the_same_hooks(make_client: MakeClient, recorder: Recorder) -> None:
    klarna = make_client(hooks=[recorder.hooks]).with_options(total_timeout=5)

    await klarna.orders.acknowledge(ORDER_ID)

    assert len(recorder.calls) == 1


async def test_the_level_of_the_retry_budget_can_be_read(make_client: MakeClient, server: Wire) -> None:
    server.will(Answer(503), json_answer({"error_code": "NOT_ALLOWED"}, 403))
    klarna = make_client(budget=Budget(capacity=100))

    with pytest.raises(KlarnaError):
        await klarna.orders.acknowledge(ORDER_ID)

    assert (klarna.budget.tokens, klarna.budget.capacity) == (95, 100)


async def test_without_hooks_the_stack_has_no_more_layers(make_client: MakeClient, recorder: Recorder) -> None:
    async def pass_on(request: Request, below: Handler) -> Response:
        return await below(request)

    plain, hooked = make_client(), make_client(hooks=[recorder.hooks], attempt_middleware=[pass_on])

    assert len(plain._shared.layers(Options())) == 8
    assert len(hooked._shared.layers(Options())) == 11

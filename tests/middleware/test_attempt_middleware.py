"""Middlewares below the retries: once an attempt, they add headers and never change what is sent."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from klarna_om.errors import (
    AnswerTimeout,
    ConnectionFailed,
    InvalidRequest,
    KlarnaError,
    MiddlewareFailed,
    NoAnswer,
    NotAllowed,
    QueueTimeout,
    ServerError,
)
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome
from klarna_om.pace.pacer import Pacer
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.time import Clock, Sleeps
from tests.support.wire import Answer, Broken, Cut, Wire, json_answer

CAPTURE = CaptureObject(captured_amount=100)
CREATED = Answer(201, {"Capture-Id": "c-1"})

Change = Callable[[Request], Request]


async def test_it_runs_once_for_each_attempt(make_client: MakeClient, server: Wire) -> None:
    seen: list[tuple[str, int, int]] = []

    async def watch(request: Request, below: Handler) -> Response:
        response = await below(request)
        seen.append((request.operation, request.attempt, response.status))
        return response

    server.will(Answer(503), Answer(500))

    await make_client(attempt_middleware=[watch]).orders.acknowledge(ORDER_ID)

    assert seen == [("orders.acknowledge", 1, 503), ("orders.acknowledge", 2, 500), ("orders.acknowledge", 3, 204)]


async def test_the_first_one_is_outermost_and_all_are_below_the_callers_other_ones(make_client: MakeClient) -> None:
    order: list[str] = []

    def named(name: str) -> Any:
        async def middleware(request: Request, below: Handler) -> Response:
            order.append(name)
            return await below(request)

        return middleware

    klarna = make_client(middleware=[named("call")], attempt_middleware=[named("outer"), named("inner")])

    await klarna.orders.acknowledge(ORDER_ID)

    assert order == ["call", "outer", "inner"]


async def test_a_header_that_it_adds_is_sent_with_the_attempt(make_client: MakeClient, server: Wire) -> None:
    async def number(request: Request, below: Handler) -> Response:
        return await below(request.with_header("X-Attempt", str(request.attempt)))

    server.will(Answer(503))

    await make_client(attempt_middleware=[number]).orders.acknowledge(ORDER_ID)

    assert [request.headers["x-attempt"] for request in server.requests] == ["1", "2"]
    assert len({request.headers["klarna-idempotency-key"] for request in server.requests}) == 1


async def test_it_runs_while_the_place_is_held_and_its_time_is_no_wait(make_client: MakeClient, server: Wire) -> None:
    klarna: Any = None
    taken: list[int] = []

    async def look(request: Request, below: Handler) -> Response:
        taken.append(klarna._shared.concurrency.taken)
        return await below(request)

    klarna = make_client(attempt_middleware=[look])

    await klarna.orders.acknowledge(ORDER_ID)

    assert taken == [1]
    assert klarna._shared.concurrency.taken == 0


def in_place(request: Request) -> Request:
    headers: Any = request.headers
    headers[KEY_HEADER] = "another"
    return request


FORBIDDEN: list[tuple[str, Change]] = [
    ("method", lambda request: request.with_changes(method="PATCH")),
    ("path", lambda request: request.with_changes(path="/ordermanagement/v1/orders/other/captures")),
    ("body", lambda request: request.with_changes(body=b'{"captured_amount": 200}')),
    ("Klarna-Idempotency-Key", lambda request: request.with_header("Klarna-Idempotency-Key", "another")),
    ("Klarna-Idempotency-Key", lambda request: request.with_header("klarna-idempotency-key", "another")),
    ("Klarna-Idempotency-Key", lambda request: request.with_changes(headers={})),
    ("Klarna-Idempotency-Key", in_place),
    ("Authorization", lambda request: request.with_header("Authorization", "Basic c29tZWJvZHk6ZWxzZQ==")),
    ("Host", lambda request: request.with_header("host", "elsewhere.example")),
    ("Content-Length", lambda request: request.with_header("Content-Length", "2")),
    ("Transfer-Encoding", lambda request: request.with_header("Transfer-Encoding", "chunked")),
    ("Accept-Encoding", lambda request: request.with_header("Accept-Encoding", "br")),
    ("Content-Type", lambda request: request.with_header("content-type", "text/plain")),
    ("retry_until", lambda request: request.with_changes(retry_until=None)),
    ("deadline", lambda request: request.with_changes(deadline=None)),
    ("attempt", lambda request: request.with_changes(attempt=7)),
]


@pytest.mark.parametrize(("name", "change"), FORBIDDEN)
async def test_what_makes_attempts_one_request_cannot_be_changed(
    name: str, change: Change, make_client: MakeClient, server: Wire
) -> None:
    async def meddle(request: Request, below: Handler) -> Response:
        return await below(change(request))

    with pytest.raises(MiddlewareFailed, match=f"it changed {name}") as caught:
        await make_client(attempt_middleware=[meddle]).captures.create(ORDER_ID, CAPTURE, idempotency_key="key")

    assert caught.value.outcome is Outcome.NOT_SENT
    assert (caught.value.operation, caught.value.idempotency_key) == ("captures.create", "key")
    assert server.requests == []


async def test_a_change_in_a_later_attempt_leaves_the_first_one_in_doubt(make_client: MakeClient, server: Wire) -> None:
    async def meddle(request: Request, below: Handler) -> Response:
        return await below(request.with_changes(body=b"{}") if request.attempt == 2 else request)

    server.will(Broken(Cut.RESET))

    with pytest.raises(MiddlewareFailed, match="it changed body") as caught:
        await make_client(attempt_middleware=[meddle]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert [attempt.outcome for attempt in caught.value.attempts] == [Outcome.UNKNOWN, Outcome.NOT_SENT]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Trace", "a\r\nb"), ("X-Trace", 7), (7, "x"), ("X\n", "x"), (f"{KEY_HEADER} ", "x"), ("", "x")],
)
async def test_a_header_that_cannot_be_written_is_named(
    name: Any, value: Any, make_client: MakeClient, server: Wire
) -> None:
    async def add(request: Request, below: Handler) -> Response:
        return await below(request.with_header(name, value))

    with pytest.raises(MiddlewareFailed, match="cannot be written") as caught:
        await make_client(attempt_middleware=[add]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert server.requests == []


async def test_what_it_raises_before_sending_says_that_nothing_was_sent(make_client: MakeClient, server: Wire) -> None:
    async def fail(request: Request, below: Handler) -> Response:
        raise ValueError("no token")

    with pytest.raises(MiddlewareFailed, match="raised ValueError: no token; nothing was sent") as caught:
        await make_client(attempt_middleware=[fail]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert isinstance(caught.value.__cause__, ValueError)
    assert [attempt.rule for attempt in caught.value.attempts] == ["middleware failed"]
    assert server.requests == []


async def test_what_it_raises_after_sending_leaves_the_write_in_doubt(make_client: MakeClient, server: Wire) -> None:
    async def fail(request: Request, below: Handler) -> Response:
        await below(request)
        raise ValueError("the metrics are broken")

    server.will(CREATED)

    with pytest.raises(MiddlewareFailed, match="it may have happened|may have been sent") as caught:
        await make_client(attempt_middleware=[fail]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.idempotency_key == server.requests[0].headers["klarna-idempotency-key"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", [QueueTimeout, ConnectionFailed])
async def test_an_error_of_ours_that_it_raises_after_sending_is_not_believed(
    kind: type[NoAnswer], make_client: MakeClient, server: Wire
) -> None:
    async def fail(request: Request, below: Handler) -> Response:
        await below(request)
        raise kind("nothing was sent, it says")

    server.otherwise = CREATED

    with pytest.raises(kind) as caught:
        await make_client(attempt_middleware=[fail]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_a_fault_that_it_injects_before_sending_is_retried(make_client: MakeClient, server: Wire) -> None:
    async def lose_the_first(request: Request, below: Handler) -> Response:
        if request.attempt == 1:
            raise AnswerTimeout("injected")
        return await below(request)

    server.will(CREATED)

    assert await make_client(attempt_middleware=[lose_the_first]).captures.create(ORDER_ID, CAPTURE) == "c-1"


async def test_any_other_error_of_ours_is_its_failure_too(make_client: MakeClient, server: Wire) -> None:
    async def refuse(request: Request, below: Handler) -> Response:
        if request.attempt == 2:
            raise InvalidRequest(("not today",))
        return await below(request)

    server.will(Broken(Cut.RESET))

    with pytest.raises(MiddlewareFailed, match="not today") as caught:
        await make_client(attempt_middleware=[refuse]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_what_is_raised_below_passes_it_as_it_is(make_client: MakeClient, server: Wire) -> None:
    async def cleanup(request: Request, below: Handler) -> Response:
        try:
            return await below(request)
        finally:
            await asyncio.sleep(0)

    server.will(Answer(503), json_answer({"error_code": "CAPTURE_NOT_ALLOWED"}, 403))

    with pytest.raises(NotAllowed) as caught:
        await make_client(attempt_middleware=[cleanup]).captures.create(ORDER_ID, CAPTURE)

    assert [attempt.status for attempt in caught.value.attempts] == [503, 403]


async def test_a_header_of_the_callers_own_is_refused_as_without_it(make_client: MakeClient, server: Wire) -> None:
    async def look(request: Request, below: Handler) -> Response:
        return await below(request)

    with pytest.raises(InvalidRequest, match="'Klarna-Integrator' cannot be written"):
        await make_client(attempt_middleware=[look]).orders.get(ORDER_ID, integrator="a\nb")

    assert server.requests == []


async def test_an_attempt_is_sent_once(make_client: MakeClient, server: Wire) -> None:
    async def twice(request: Request, below: Handler) -> Response:
        await below(request)
        return await below(request)

    server.otherwise = CREATED

    with pytest.raises(MiddlewareFailed, match="sent its request twice") as caught:
        await make_client(attempt_middleware=[twice]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(server.requests) == 1


@pytest.mark.parametrize("end", [RuntimeError("the metrics are broken"), None])
async def test_what_it_begins_to_send_after_its_end_is_not_sent(
    end: Exception | None, make_client: MakeClient, server: Wire
) -> None:
    late: list[asyncio.Task[Response]] = []

    async def leave_behind(request: Request, below: Handler) -> Response:
        late.append(asyncio.ensure_future(below(request)))
        if end is not None:
            raise end
        return Response(request, 503, {}, b"")

    with pytest.raises(KlarnaError) as caught:
        await make_client(attempt_middleware=[leave_behind], retry=Retry.off()).captures.create(ORDER_ID, CAPTURE)
    with pytest.raises(MiddlewareFailed, match="after it had ended; await the handler below it; nothing was sent"):
        await late[0]

    assert end is None or caught.value.outcome is Outcome.NOT_SENT
    assert server.requests == []


async def test_what_it_leaves_under_way_is_cancelled_before_the_next_attempt(
    make_client: MakeClient, server: Wire
) -> None:
    left: list[asyncio.Task[Response]] = []

    async def give_up(request: Request, below: Handler) -> Response:
        if request.attempt > 1:
            return await below(request)
        left.append(asyncio.ensure_future(below(request)))
        while not server.requests:
            await asyncio.sleep(0.001)
        raise AnswerTimeout("I waited long enough")

    server.will(Broken(Cut.HANG), CREATED)

    capture_id = await make_client(attempt_middleware=[give_up]).captures.create(ORDER_ID, CAPTURE)
    await asyncio.wait(left, timeout=1)

    assert capture_id == "c-1"
    assert left[0].cancelled()


async def test_a_middleware_that_returns_nothing_is_named(make_client: MakeClient, server: Wire) -> None:
    async def forgetful(request: Request, below: Handler) -> Any:
        await below(request)

    server.will(CREATED)

    with pytest.raises(MiddlewareFailed, match="returned NoneType") as caught:
        await make_client(attempt_middleware=[forgetful]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_an_answer_that_it_makes_is_read_like_any_other(make_client: MakeClient, server: Wire) -> None:
    async def unavailable(request: Request, below: Handler) -> Response:
        return Response(request, 503, {"Klarna-Correlation-Id": "made"}, b"")

    with pytest.raises(ServerError) as caught:
        await make_client(attempt_middleware=[unavailable]).captures.create(ORDER_ID, CAPTURE)

    assert [attempt.rule for attempt in caught.value.attempts] == ["5xx"] * 4
    assert server.requests == []


async def test_an_answer_may_be_replaced_with_its_meaning_kept(make_client: MakeClient, server: Wire) -> None:
    async def strip(request: Request, below: Handler) -> Response:
        response = await below(request)
        return replace(response, headers={**response.headers, "X-Seen": "yes"})

    klarna = make_client(attempt_middleware=[strip])
    reply = await klarna.reply(klarna.orders.acknowledge(ORDER_ID))

    assert reply.headers["X-Seen"] == "yes"


async def test_a_key_that_grew_old_while_it_waited_is_not_sent(
    make_client: MakeClient, server: Wire, wall_clock: Clock
) -> None:
    async def slow(request: Request, below: Handler) -> Response:
        wall_clock.now += 25 * 3600
        return await below(request)

    with pytest.raises(NoAnswer, match="older than the 24 hours") as caught:
        await make_client(attempt_middleware=[slow]).captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert server.requests == []


async def test_a_key_that_it_has_seen_is_guarded_like_a_chosen_one(make_client: MakeClient, server: Wire) -> None:
    keys: list[str] = []

    async def note(request: Request, below: Handler) -> Response:
        keys.append(str(request.idempotency_key))
        return await below(request)

    server.otherwise = CREATED
    klarna = make_client(attempt_middleware=[note])
    await klarna.captures.create(ORDER_ID, CAPTURE)

    with pytest.raises(Exception, match="was used for another request"):
        await klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=7), idempotency_key=keys[0])


async def test_cancelling_passes_through_it(make_client: MakeClient, server: Wire, sleeps: Sleeps) -> None:
    async def hang(request: Request, below: Handler) -> Response:
        await asyncio.Event().wait()
        return await below(request)

    klarna = make_client(attempt_middleware=[hang], pace=Pacer(1000))
    call = asyncio.ensure_future(klarna.captures.create(ORDER_ID, CAPTURE))
    await asyncio.sleep(0.01)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    assert klarna._shared.concurrency.taken == 0


async def test_what_cannot_be_written_is_named_through_it(make_client: MakeClient, server: Wire) -> None:
    async def spoil(request: Request, below: Handler) -> Response:
        return await below(request.with_header("X-Shop", "a\r\nX-Evil: 1"))

    async def pass_through(request: Request, below: Handler) -> Response:
        return await below(request)

    with pytest.raises(InvalidRequest, match="headers: 'X-Shop' cannot be written"):
        await make_client(middleware=[spoil], attempt_middleware=[pass_through]).orders.acknowledge(ORDER_ID)

    assert not server.requests

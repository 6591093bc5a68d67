"""The client: opening, sharing, copying and closing it; and what a reply reports of a call."""

import asyncio
import gc
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ClientClosed, ConnectionLost, KlarnaError, SessionFailed
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.outcome import Outcome
from klarna_om.rate_limit import RateLimit
from klarna_om.retry.policy import Retry
from klarna_om.types import Order
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Wire, json_answer


async def test_a_reply_has_everything_about_its_call(klarna: KlarnaClient, server: Wire) -> None:
    server.will(
        Answer(503, {"Klarna-Correlation-Id": "first"}),
        json_answer(
            {"order_id": ORDER_ID, "brand_new": 1},
            headers={
                "Klarna-Correlation-Id": "second",
                "X-Ratelimit-Limit": "40, 40;w=1",
                "X-Ratelimit-Remaining": "15",
            },
        ),
    )

    reply = await klarna.reply(klarna.orders.get(ORDER_ID))

    order: Order = reply.value
    assert order.order_id == ORDER_ID
    assert (reply.status, reply.correlation_id, reply.idempotency_key) == (200, "second", None)
    assert reply.json()["brand_new"] == 1
    assert b"brand_new" in reply.body
    assert reply.headers["x-ratelimit-remaining"] == "15"
    assert reply.rate_limit == RateLimit(40, 1, 15, None)
    assert [(attempt.number, attempt.status, attempt.delay) for attempt in reply.attempts] == [
        (1, 503, 0.5),
        (2, 200, None),
    ]


async def test_a_reply_to_a_first_success_lists_one_attempt(klarna: KlarnaClient, server: Wire) -> None:
    reply = await klarna.reply(klarna.orders.acknowledge(ORDER_ID, idempotency_key="k"))

    (attempt,) = reply.attempts
    assert (attempt.number, attempt.outcome, attempt.status, attempt.rule) == (1, Outcome.DONE, 204, "success")
    assert (reply.value, reply.json(), reply.rate_limit, reply.idempotency_key) == (None, None, None, "k")


async def test_a_reply_needs_a_call_that_has_not_begun(klarna: KlarnaClient) -> None:
    call = asyncio.ensure_future(klarna.orders.acknowledge(ORDER_ID))

    with pytest.raises(TypeError, match="a call that has not begun: no task and no future"):
        await klarna.reply(call)
    await call


async def test_a_reply_needs_a_call_of_a_client(klarna: KlarnaClient) -> None:
    with pytest.raises(TypeError, match="this coroutine made none"):
        await klarna.reply(asyncio.sleep(0))


async def test_a_reply_of_a_reply_is_about_the_same_call(klarna: KlarnaClient, server: Wire) -> None:
    reply = await klarna.reply(klarna.request("POST", "/x", idempotency_key="k"))

    assert (reply.status, reply.idempotency_key, reply.value.status) == (204, "k", 204)


async def test_a_middleware_that_sends_twice_sends_one_key(make_client: MakeClient, server: Wire) -> None:
    async def twice(request: Request, below: Handler) -> Response:
        await below(request)
        return await below(request)

    await make_client(middleware=[twice]).orders.acknowledge(ORDER_ID)

    assert len({request.key for request in server.requests}) == 1
    assert len(server.requests) == 2


async def test_a_correlation_id_with_invalid_bytes_can_still_be_encoded(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(204, {"Klarna-Correlation-Id": "a\xffb"}))

    reply = await klarna.reply(klarna.orders.acknowledge(ORDER_ID))

    assert (reply.correlation_id or "").encode("utf-8")


async def test_a_custom_middleware_is_a_plain_function(make_client: MakeClient, server: Wire) -> None:
    events: list[str] = []

    def log(name: str) -> Callable[[Request, Handler], Awaitable[Response]]:
        async def middleware(request: Request, below: Handler) -> Response:
            events.append(f"{name} {request.operation}")
            response = await below(request.with_header(f"X-{name}", "1"))
            events.append(f"{name} {response.status}")
            return response

        return middleware

    server.will(Answer(503))
    await make_client(middleware=[log("outer"), log("inner")]).orders.acknowledge(ORDER_ID)

    assert events == ["outer orders.acknowledge", "inner orders.acknowledge", "inner 204", "outer 204"]
    assert {"x-outer", "x-inner"} <= set(server.requests[1].headers)


async def test_options_of_a_copy_leave_the_client_alone(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    server.otherwise = Answer(503)

    for client, attempts in ((klarna.with_options(retry=Retry.off()), 1), (klarna, 4)):
        with pytest.raises(KlarnaError) as caught:
            await client.orders.acknowledge(ORDER_ID)
        assert len(caught.value.attempts) == attempts


async def test_a_copy_shares_pool_budget_and_life(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    copy = klarna.with_options(lane="batch")
    await klarna.orders.acknowledge(ORDER_ID)
    await copy.orders.acknowledge(ORDER_ID)
    assert server.connections == 1

    await copy.aclose()
    with pytest.raises(ClientClosed):
        await klarna.orders.acknowledge(ORDER_ID)


async def test_after_close_nothing_is_sent(make_client: MakeClient, server: Wire) -> None:
    async with make_client() as klarna:
        await klarna.orders.acknowledge(ORDER_ID)

    with pytest.raises(ClientClosed, match=r"orders.acknowledge .*this client is closed") as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert (caught.value.outcome, len(server.requests)) == (Outcome.NOT_SENT, 1)


def test_use_in_another_event_loop_is_an_error() -> None:
    async def use(client: KlarnaClient) -> None:
        async with asyncio.timeout(5):
            await client.orders.acknowledge(ORDER_ID)

    client = KlarnaClient("http://127.0.0.1:9", api_key="k", retry=Retry.off())

    async def first() -> None:
        with pytest.raises(KlarnaError):
            await use(client)

    asyncio.run(first())
    with pytest.raises(ClientClosed, match="belongs to another event loop"):
        asyncio.run(use(client))
    asyncio.run(client.aclose())


async def test_the_callers_session_is_used_and_left_open(make_client: MakeClient, server: Wire) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2, limit_per_host=1)) as session:
        async with make_client(session=session) as klarna:
            await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(5)))
            assert klarna._shared.concurrency.capacity == 1

        assert not session.closed
        assert server.connections == 1


async def test_a_session_that_raises_for_status_changes_nothing(make_client: MakeClient, server: Wire) -> None:
    server.will(Answer(503))
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        reply = await make_client(session=session).reply(make_client(session=session).orders.acknowledge(ORDER_ID))

    assert len(reply.attempts) == 2


async def test_a_closed_session_of_the_caller_is_an_error(make_client: MakeClient) -> None:
    session = aiohttp.ClientSession()
    klarna = make_client(session=session)
    await session.close()

    with pytest.raises(ClientClosed, match="the HTTP session is closed") as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is Outcome.NOT_SENT


async def test_what_else_a_session_raises_is_in_doubt_and_has_its_cause(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with aiohttp.ClientSession() as session:

        def bug(*_: object, **__: object) -> None:
            raise RuntimeError("a bug")

        klarna = make_client(session=session)
        monkeypatch.setattr(aiohttp.ClientSession, "request", bug)
        with pytest.raises(SessionFailed, match="RuntimeError: a bug") as caught:
            await klarna.orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert isinstance(caught.value.__cause__, RuntimeError)


async def test_closing_ends_calls_under_way_with_a_typed_error(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(in_flight=1)
    server.otherwise = Broken(Cut.HANG)
    sent, queued = (asyncio.create_task(klarna.orders.acknowledge(ORDER_ID)) for _ in range(2))
    while not server.requests:
        await asyncio.sleep(0.001)

    await klarna.aclose()
    errors = await asyncio.gather(sent, queued, return_exceptions=True)

    assert [type(error) for error in errors] == [ClientClosed, ClientClosed]
    assert [getattr(error, "outcome", None) for error in errors] == [Outcome.UNKNOWN, Outcome.NOT_SENT]


async def test_closing_ends_a_wait_between_attempts(server: Wire) -> None:
    klarna = KlarnaClient(server.url, api_key="k", retry=Retry.klarna_policy())
    server.otherwise = Answer(503)
    call = asyncio.create_task(klarna.orders.acknowledge(ORDER_ID))
    while not server.requests:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)

    await klarna.aclose()

    with pytest.raises(ClientClosed) as caught:
        await call
    assert (caught.value.outcome, len(caught.value.attempts)) == (Outcome.UNKNOWN, 2)


async def test_the_clients_own_sleep_lasts_as_long_as_it_is_asked_to(server: Wire) -> None:
    async with KlarnaClient(server.url, api_key="k", uniform=lambda low, high: 0.01) as klarna:
        server.will(Answer(503))
        await klarna.orders.acknowledge(ORDER_ID)

    assert len(server.requests) == 2


async def test_cancelling_a_call_leaves_nothing_behind(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(in_flight=1)
    server.will(Broken(Cut.HANG))
    call = asyncio.create_task(klarna.orders.acknowledge(ORDER_ID))
    while not server.requests:
        await asyncio.sleep(0.001)

    call.cancel()
    await asyncio.wait([call])

    await klarna.orders.acknowledge(ORDER_ID)
    assert klarna._shared.concurrency.taken == 0
    assert len(asyncio.all_tasks()) <= 3  # this test and the raw server's


async def test_a_time_limit_of_the_callers_cuts_through(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    server.otherwise = Broken(Cut.HANG)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await klarna.orders.acknowledge(ORDER_ID)

    assert len(server.requests) == 1


async def test_an_error_of_silence_names_its_cause(make_client: MakeClient, server: Wire) -> None:
    server.will(Broken(Cut.AFTER_REQUEST))

    with pytest.raises(ConnectionLost, match="ServerDisconnectedError"):
        await make_client(retry=Retry.off()).orders.acknowledge(ORDER_ID)


def test_a_client_that_was_never_used_leaves_nothing_to_close() -> None:
    KlarnaClient("eu", api_key="k")
    gc.collect()

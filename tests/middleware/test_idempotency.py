"""One key, one request: given once, kept through all attempts, guarded for 24 hours."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from uuid import UUID
from weakref import ref

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import (
    AnswerTimeout,
    ConnectionFailed,
    ConnectionLost,
    IdempotencyKeyReused,
    InvalidRequest,
    KeyExpired,
    RateLimited,
    ServerError,
)
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.keys import Key, random_key
from klarna_om.middleware.idempotency import Idempotency
from klarna_om.middleware.key_guard import MERCHANTS, KeyGuard, Use, guard_of
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.time import Clock
from tests.support.wire import Answer, Wire

CAPTURE = CaptureObject(captured_amount=100)
CREATED = Answer(201, {"Capture-Id": "c"})


async def test_each_call_gets_a_fresh_key_of_its_own(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    await klarna.orders.acknowledge(ORDER_ID)
    await klarna.orders.acknowledge(ORDER_ID)

    keys = [request.key or "" for request in server.requests]
    assert len(set(keys)) == 2
    assert {UUID(key).version for key in keys} == {4}


async def test_the_callers_key_is_sent_as_it_is(make_client: MakeClient, server: Wire) -> None:
    await make_client().orders.acknowledge(ORDER_ID, idempotency_key="order_17_acknowledge")

    assert server.requests[0].key == "order_17_acknowledge"


@pytest.mark.parametrize("key", ["", " x", "x ", "a\r\nX-Evil: 1", "nul\0", "ü", "k" * 256])
async def test_a_key_that_is_no_header_value_is_refused(make_client: MakeClient, server: Wire, key: str) -> None:
    with pytest.raises(InvalidRequest, match="idempotency_key: must be 1 to 255 printable ASCII"):
        await make_client().orders.acknowledge(ORDER_ID, idempotency_key=key)

    assert not server.requests


async def test_a_key_for_another_body_path_or_method_is_refused_before_a_byte_is_sent(
    make_client: MakeClient, server: Wire
) -> None:
    klarna = make_client()
    server.otherwise = CREATED
    await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    for other in (
        klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=101), idempotency_key="k"),
        klarna.captures.create("other-order", CAPTURE, idempotency_key="k"),
        klarna.request("PATCH", server.requests[0].path, content={"captured_amount": 100}, idempotency_key="k"),
    ):
        with pytest.raises(IdempotencyKeyReused, match="the idempotency key k was used for another request") as caught:
            await other
        assert caught.value.outcome is Outcome.NOT_SENT
        assert caught.value.idempotency_key == "k"

    assert len(server.requests) == 1


async def test_a_random_key_in_doubt_is_guarded_too(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    server.otherwise = Answer(503)
    with pytest.raises(ServerError) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    with pytest.raises(IdempotencyKeyReused):
        await klarna.orders.cancel(ORDER_ID, idempotency_key=caught.value.idempotency_key)


async def test_a_random_key_that_the_caller_chose_is_guarded_like_any_other(make_client: MakeClient) -> None:
    klarna = make_client()
    key = random_key()
    await klarna.orders.acknowledge(ORDER_ID, idempotency_key=key)

    with pytest.raises(IdempotencyKeyReused):
        await klarna.orders.cancel(ORDER_ID, idempotency_key=key)


async def test_the_same_request_may_repeat_its_key(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    server.otherwise = CREATED
    for _ in range(2):
        await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    assert [request.key for request in server.requests] == ["k", "k"]


async def test_a_copy_of_the_client_shares_the_guard(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    await klarna.orders.acknowledge(ORDER_ID, idempotency_key="k")

    with pytest.raises(IdempotencyKeyReused):
        await klarna.with_options(total_timeout=5).orders.cancel(ORDER_ID, idempotency_key="k")


async def test_after_24_hours_a_key_is_free_again(make_client: MakeClient, server: Wire, wall_clock: Clock) -> None:
    klarna = make_client()
    await klarna.orders.acknowledge(ORDER_ID, idempotency_key="k")

    wall_clock.now += 24 * 3600 - 1
    with pytest.raises(IdempotencyKeyReused):
        await klarna.orders.cancel(ORDER_ID, idempotency_key="k")
    wall_clock.now += 1
    await klarna.orders.cancel(ORDER_ID, idempotency_key="k")

    assert len(server.requests) == 2


def test_a_key_that_klarna_has_forgotten_counts_as_new_and_as_the_youngest() -> None:
    clock = Clock()
    guard = KeyGuard(capacity=2)
    for key in ("old", "other"):
        finish(guard, key, use_key(guard, key))

    clock.now += 24 * 3600
    assert use_key(guard, "old", request().with_changes(path="/another"), clock()) is not None

    assert list(guard._uses) == ["other", "old"]


def test_memory_is_bounded_and_the_oldest_keys_go_first() -> None:
    guard = KeyGuard(capacity=3)
    for number in range(10):
        finish(guard, str(number), use_key(guard, str(number)))

    assert list(guard._uses) == ["7", "8", "9"]


def test_a_key_in_use_is_never_forgotten() -> None:
    guard = KeyGuard(capacity=1)
    use_key(guard, "running")
    use_key(guard, "other")

    assert use_key(guard, "running") is None


def use_key(guard: KeyGuard, key: str, wanted: Request | None = None, now: float = 1_800_000_000.0) -> Use | None:
    return guard.use(key, wanted or request(), now, now)


def finish(guard: KeyGuard, key: str, use: Use | None, left: Outcome = Outcome.DONE) -> None:
    assert use is not None
    guard.finish(key, use, left, None)


class Below:
    """A handler that answers when its gate is opened."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return Response(request, 201, {}, b"")


def request(key: str = "k") -> Request:
    return Request("captures.create", "POST", "/captures", ORDER_ID, {KEY_HEADER: key}, b"{}")


async def test_concurrent_calls_that_are_the_same_share_one_request() -> None:
    below, idempotency = Below(), Idempotency(KeyGuard())
    calls = [asyncio.ensure_future(idempotency(request(), below)) for _ in range(5)]
    await asyncio.sleep(0)
    below.gate.set()

    answers = await asyncio.gather(*calls)

    assert len(below.requests) == 1
    assert all(answer is answers[0] for answer in answers)


async def test_a_shared_failure_reaches_each_call_as_an_error_of_its_own() -> None:
    below, idempotency = Below(), Idempotency(KeyGuard())
    below.failure = ConnectionLost("gone")
    calls = [asyncio.ensure_future(idempotency(request(), below)) for _ in range(3)]
    await asyncio.sleep(0)
    below.gate.set()

    failures = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(failure) for failure in failures} == {ConnectionLost}
    assert len({id(failure) for failure in failures}) == 3
    assert len(below.requests) == 1


async def test_when_the_first_is_cancelled_the_next_one_sends_under_the_same_key() -> None:
    below, idempotency = Below(), Idempotency(KeyGuard())
    first, second, third = (asyncio.ensure_future(idempotency(request(), below)) for _ in range(3))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first])
    await asyncio.sleep(0)
    below.gate.set()

    assert (await second).status == (await third).status == 201
    assert [each.idempotency_key for each in below.requests] == ["k", "k"]


async def test_the_wait_for_another_call_counts_as_time_of_the_call_that_is_sent_after_it() -> None:
    below, clock = Below(), Clock(asyncio.get_running_loop().time())
    idempotency = Idempotency(KeyGuard(), total_timeout=60.0, clock=clock)
    first, second = (asyncio.ensure_future(idempotency(request(), below)) for _ in range(2))
    await asyncio.sleep(0)
    started = clock.now

    clock.now += 30.0
    first.cancel()
    await asyncio.wait([first])
    below.gate.set()

    assert (await second).request.deadline == started + 60.0


async def test_a_cancelled_follower_leaves_the_others_alone() -> None:
    below, idempotency = Below(), Idempotency(KeyGuard())
    first, second, third = (asyncio.ensure_future(idempotency(request(), below)) for _ in range(3))
    await asyncio.sleep(0)

    second.cancel()
    await asyncio.wait([second])
    below.gate.set()

    assert (await first) is (await third)
    assert second.cancelled()


async def test_a_failure_that_is_not_klarnas_is_not_shared() -> None:
    below, idempotency = Below(), Idempotency(KeyGuard())
    below.failure = ZeroDivisionError()
    first, second = (asyncio.ensure_future(idempotency(request(), below)) for _ in range(2))
    await asyncio.sleep(0)
    below.gate.set()

    failures = await asyncio.gather(first, second, return_exceptions=True)

    assert {type(failure) for failure in failures} == {ZeroDivisionError}
    assert len(below.requests) == 2


async def test_a_follower_waits_no_longer_than_its_own_limit() -> None:
    below, idempotency = Below(), Idempotency(KeyGuard(), total_timeout=0.01)
    first, second = (asyncio.ensure_future(idempotency(request(), below)) for _ in range(2))

    with pytest.raises(AnswerTimeout, match="under way under this key, did not end in time") as caught:
        await second

    assert (caught.value.outcome, caught.value.idempotency_key) == (Outcome.UNKNOWN, "k")
    below.gate.set()
    assert (await first).status == 201


@pytest.mark.parametrize(("age", "left"), [(None, 24), (-0.05, 24), (10, 14), (23.5, 0.5)])
async def test_a_key_that_knows_its_age_is_retried_no_longer_than_klarna_keeps_it(
    age: float | None, left: float
) -> None:
    below, clock = Below(), Clock()
    below.gate.set()
    key = Key("k", None if age is None else clock.now - age * 3600)

    response = await Idempotency(KeyGuard(), wall_clock=clock)(request(key), below)

    assert response.request.retry_until == clock.now + left * 3600


@pytest.mark.parametrize("age", [24, 100])
async def test_a_key_that_klarna_has_forgotten_is_not_sent(age: int) -> None:
    clock = Clock()
    key = Key("k", clock.now - age * 3600)

    with pytest.raises(KeyExpired) as caught:
        await Idempotency(KeyGuard(), wall_clock=clock)(request(key), Below())

    assert caught.value.outcome is Outcome.UNKNOWN  # its first use may have had its effect
    assert "read the order back before you try again" in caught.value.explain()


async def test_the_first_use_of_a_key_is_not_in_the_future() -> None:
    clock = Clock()
    milliseconds = clock.now * 1000

    with pytest.raises(InvalidRequest, match="first_used is in the future"):
        await Idempotency(KeyGuard(), wall_clock=clock)(request(Key("k", milliseconds)), Below())


def test_a_key_under_way_at_the_head_does_not_stop_the_forgetting() -> None:
    guard = KeyGuard(capacity=3)
    use_key(guard, "running")
    for number in range(20):
        finish(guard, str(number), use_key(guard, str(number)))

    assert len(guard._uses) <= 4
    assert use_key(guard, "running") is None


async def test_a_read_passes_without_a_key() -> None:
    below = Below()
    below.gate.set()

    await Idempotency(KeyGuard())(request().with_changes(method="GET", headers={}), below)

    assert below.requests[0].idempotency_key is None


async def test_two_clients_of_one_merchant_share_the_guard(make_client: MakeClient, server: Wire) -> None:
    one, other = make_client(), make_client()
    await one.orders.acknowledge(ORDER_ID, idempotency_key="k")

    with pytest.raises(IdempotencyKeyReused):
        await other.orders.cancel(ORDER_ID, idempotency_key="k")


async def test_another_merchant_has_a_guard_of_its_own(make_client: MakeClient, server: Wire) -> None:
    one, other = make_client(), make_client(username="another")
    await one.orders.acknowledge(ORDER_ID, idempotency_key="k")

    await other.orders.cancel(ORDER_ID, idempotency_key="k")

    assert len(server.requests) == 2


async def test_a_key_that_was_never_sent_is_free_for_a_corrected_body(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = CREATED
    nowhere = make_client("http://127.0.0.1:9", retry=Retry.off())
    with pytest.raises(ConnectionFailed):
        await nowhere.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    with pytest.raises(ConnectionFailed):
        await nowhere.captures.create(ORDER_ID, CaptureObject(captured_amount=101), idempotency_key="k")

    assert len(nowhere._shared.guard) == 0


async def test_a_call_that_was_not_sent_leaves_an_earlier_doubt(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(retry=Retry.off())
    server.will(Answer(503), Answer(429))
    for error in (ServerError, RateLimited):
        with pytest.raises(error) as caught:
            await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")
        assert caught.value.outcome is Outcome.UNKNOWN

    with pytest.raises(IdempotencyKeyReused):
        await klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=101), idempotency_key="k")


async def test_random_keys_that_are_finished_are_forgotten(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()

    for _ in range(20):
        await klarna.orders.acknowledge(ORDER_ID)

    assert len(klarna._shared.guard) == 0


def test_calls_in_two_threads_share_one_request(server_in_a_thread: str) -> None:
    """A guard belongs to the merchant in the process, not to an event loop."""
    results: list[str] = []
    klarna = KlarnaClient(server_in_a_thread, username="u", password="p", pace="off")

    def call() -> None:
        async def capture() -> None:
            async with KlarnaClient(server_in_a_thread, username="u", password="p", pace="off") as own:
                assert own._shared.guard is klarna._shared.guard
                results.append(await own.captures.create(ORDER_ID, CAPTURE, idempotency_key="k"))

        asyncio.run(capture())

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == ["c", "c"]


@pytest.fixture
def server_in_a_thread() -> Iterator[str]:
    """A server that answers one capture, late, and refuses a second one."""
    answers = [CREATED, Answer(403)]
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                time.sleep(0.2)
                connection.sendall(answer.encoded())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


async def test_who_comes_as_the_call_ends_sends_it_again() -> None:
    guard = KeyGuard()
    finish(guard, "k", use_key(guard, "k"))

    assert await guard.follow("k") is None
    assert await guard.follow("never used") is None


async def test_a_client_that_is_gone_leaves_its_keys_to_the_next(make_client: MakeClient, server: Wire) -> None:
    async with make_client() as first:
        await first.orders.acknowledge(ORDER_ID, idempotency_key="k")
    del first

    with pytest.raises(IdempotencyKeyReused):
        await make_client().orders.cancel(ORDER_ID, idempotency_key="k")


def test_a_process_keeps_the_guards_of_its_latest_merchants() -> None:
    first = ref(guard_of("first"))
    for number in range(MERCHANTS):
        guard_of(number)

    assert guard_of(MERCHANTS - 1) is guard_of(MERCHANTS - 1)
    assert first() is None


def test_a_guard_that_a_client_uses_is_kept_whatever_the_number_of_merchants() -> None:
    guard = guard_of("first")
    for number in range(MERCHANTS + 1):
        guard_of(number)

    assert guard_of("first") is guard

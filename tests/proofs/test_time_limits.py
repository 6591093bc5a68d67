"""Three limits, each for its own part: the queue, one attempt, all of it."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from klarna_om.errors import KlarnaError, QueueTimeout
from klarna_om.exchange import Request, Response
from klarna_om.http.transport import limits
from klarna_om.middleware.retry import RetryMiddleware
from klarna_om.outcome import Outcome
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import Retry
from tests.conftest import MakeClient
from tests.proofs.conftest import LONG
from tests.proofs.raw_klarna import Break, RawKlarna
from tests.support.calls import ORDER_ID
from tests.support.raw_http import End, Point
from tests.support.time import Sleeps, longest
from tests.support.wire import Answer

SLOW = Break(Point.ANSWER, End.CLOSE, answer=Answer(503))

SECONDS, ATTEMPT = (0.3, 1.0) if LONG else (0.1, 0.6)
"""Of one answer, and of one attempt: ten answers in a row are longer than an attempt may be."""


@pytest.fixture
async def pool_of_two() -> AsyncIterator[aiohttp.ClientSession]:
    """The caller's session, with a pool of two."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2)) as session:
        yield session


@pytest.mark.parametrize("borrowed", [False, True], ids=["the client's pool", "a borrowed pool"])
async def test_twenty_slow_calls_through_a_pool_of_two_all_succeed(
    make_client: MakeClient, raw: RawKlarna, pool_of_two: aiohttp.ClientSession, borrowed: bool
) -> None:
    raw.seconds = SECONDS
    pool = {"session": pool_of_two} if borrowed else {"in_flight": 2}
    klarna = make_client(raw.url, attempt_timeout=ATTEMPT, retry=Retry.off(), **pool)

    await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(20)))

    assert (len(raw.requests), raw.connections, sum(raw.effects.values())) == (20, 2, 20)


async def test_the_wait_for_a_borrowed_pool_is_limited_by_queue_timeout_and_sends_nothing(
    make_client: MakeClient, raw: RawKlarna, pool_of_two: aiohttp.ClientSession
) -> None:
    raw.otherwise = Break(Point.REQUEST, End.HANG)
    klarna = make_client(raw.url, session=pool_of_two, queue_timeout=0.05, attempt_timeout=0.5, retry=Retry.off())

    results = await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(5)), return_exceptions=True)

    assert [type(result) for result in results].count(QueueTimeout) == 3
    assert len(raw.requests) == 2


async def test_each_attempt_gets_what_is_left_of_the_total(make_client: MakeClient, raw: RawKlarna) -> None:
    """The second attempt hangs, and may last 60 s by itself; the total ends it."""
    raw.breaks = [SLOW, Break(Point.REQUEST, End.HANG)]
    klarna = make_client(raw.url, attempt_timeout=60.0, total_timeout=0.3, retry=Retry(backoff=lambda *_: 0.0))

    async with asyncio.timeout(10):
        with pytest.raises(KlarnaError) as caught:
            await klarna.orders.acknowledge(ORDER_ID)

    assert (len(caught.value.attempts), caught.value.outcome) == (2, Outcome.UNKNOWN)
    assert "total_timeout" in caught.value.stopped


async def test_each_attempt_has_the_same_deadline_and_none_starts_after_it() -> None:
    started: list[tuple[float, float]] = []

    async def below(request: Request) -> Response:
        now = asyncio.get_running_loop().time()
        assert request.deadline is not None
        started.append((request.deadline, now))
        await asyncio.sleep(0.03)
        return Response(request, 503, {}, b"")

    policy = Retry(max_attempts=100, backoff=lambda *_: 0.001)
    request = Request("orders.get", "GET", "/")
    response = await RetryMiddleware(policy, Budget(10_000), 0.2, asyncio.sleep, longest)(request, below)

    assert len({deadline for deadline, _ in started}) == 1
    late = 0.05  # a busy machine may wake a sleeper late
    assert all(start < deadline + late for deadline, start in started)
    assert 1 < len(started) < 100
    assert response.stopped.startswith("total_timeout")


async def test_no_sleep_lasts_beyond_the_total(make_client: MakeClient, raw: RawKlarna, sleeps: Sleeps) -> None:
    raw.otherwise = Break(Point.ANSWER, End.CLOSE, answer=Answer(503, {"Retry-After": "6"}))

    with pytest.raises(KlarnaError):
        await make_client(raw.url, total_timeout=5.0).orders.acknowledge(ORDER_ID)

    assert sleeps.durations == []


@pytest.mark.parametrize("seconds", [0.1, 1.0, 5.0, 5.6, 6.0, 9.9, 10.0, 11.0, 65.0])
def test_a_connection_is_given_up_before_its_attempt_so_nothing_was_sent(
    seconds: float,
) -> None:
    """aiohttp rounds a limit above `ceil_threshold` up to a whole second of the loop's clock."""
    limit = limits(seconds)
    assert limit.connect is not None

    assert limit.connect < seconds
    assert limit.connect <= limit.ceil_threshold
    assert limit.total is None

"""A client's end is clear, and failures leave nothing behind."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from attrs import evolve

from klarna_om.client import KlarnaClient
from klarna_om.errors import AnswerCut, ClientClosed, ConnectionFailed, ConnectionLost, KlarnaError, NotAllowed
from klarna_om.middleware.key_guard import KeyGuard
from klarna_om.outcome import Outcome
from klarna_om.pace.pacer import Pacer
from klarna_om.retry.policy import Retry
from tests.conftest import MakeClient
from tests.proofs.conftest import LONG, until
from tests.proofs.raw_klarna import Break, RawKlarna
from tests.proofs.test_cancellation import descriptors
from tests.support.calls import ORDER_ID
from tests.support.raw_http import End, Point
from tests.support.wire import Answer

HANGS = Break(Point.REQUEST, End.HANG)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The caller's session."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.mark.parametrize("borrowed", [False, True], ids=["the client's session", "a borrowed session"])
async def test_closing_ends_every_call_wherever_it_is_with_a_typed_error(
    make_client: MakeClient, raw: RawKlarna, session: aiohttp.ClientSession, borrowed: bool
) -> None:
    """One is on the wire, one waits for its place; of a third the last attempt failed, and it waits to try again."""
    asleep = asyncio.Event()
    raw.breaks = [Break(Point.ANSWER, End.CLOSE, answer=Answer(503)), HANGS]
    klarna = make_client(raw.url, in_flight=1, session=session if borrowed else None, attempt_timeout=60.0)

    async def sleep(seconds: float) -> None:
        asleep.set()
        await klarna._shared.http.sleep(60.0)

    klarna._shared = evolve(klarna._shared, sleep=sleep)
    sleeping = asyncio.create_task(klarna.orders.acknowledge(ORDER_ID, idempotency_key="sleeping"))
    await asleep.wait()
    sent = asyncio.create_task(klarna.orders.acknowledge(ORDER_ID, idempotency_key="sent"))
    await until(lambda: len(raw.requests) == 2)
    queued = asyncio.create_task(klarna.orders.acknowledge(ORDER_ID, idempotency_key="queued"))
    await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await klarna.aclose()
        ends = await asyncio.gather(sleeping, sent, queued, return_exceptions=True)

    assert [type(end) for end in ends] == [ClientClosed] * 3
    assert [getattr(end, "outcome", None) for end in ends] == [Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.NOT_SENT]
    assert len(raw.requests) == 2
    assert not klarna._shared.http.deadlines._running
    assert session.closed is False


async def test_closing_ends_a_wait_for_the_merchants_rate_limit(make_client: MakeClient, raw: RawKlarna) -> None:
    pacer = Pacer(0.001)
    while pacer.try_acquire("live"):
        pass
    klarna = make_client(raw.url, pace=pacer)
    waiting = [asyncio.create_task(klarna.orders.acknowledge(ORDER_ID)) for _ in range(3)]
    await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await klarna.aclose()
        ends = await asyncio.gather(*waiting, return_exceptions=True)

    assert [(type(end), getattr(end, "outcome", None)) for end in ends] == [(ClientClosed, Outcome.NOT_SENT)] * 3
    assert not raw.requests
    assert pacer.snapshot().waiting_live == 0


async def test_a_borrowed_session_is_never_closed_whatever_happens_to_its_client(
    make_client: MakeClient, raw: RawKlarna, session: aiohttp.ClientSession
) -> None:
    raw.breaks = [Break(Point.REQUEST, End.RESET)]
    async with make_client(raw.url, session=session, retry=Retry.off()) as klarna:
        with pytest.raises(ConnectionLost):
            await klarna.orders.acknowledge(ORDER_ID)
        with pytest.raises(ZeroDivisionError):
            async with klarna.with_options(total_timeout=5):
                raise ZeroDivisionError
    del klarna
    gc.collect()

    assert session.closed is False
    await make_client(raw.url, session=session).orders.acknowledge(ORDER_ID)


async def test_after_close_with_a_borrowed_session_nothing_more_is_sent(
    make_client: MakeClient, raw: RawKlarna, session: aiohttp.ClientSession
) -> None:
    klarna = make_client(raw.url, session=session)
    await klarna.orders.acknowledge(ORDER_ID)
    await klarna.aclose()
    await klarna.aclose()

    for client in (klarna, klarna.with_options(lane="batch")):
        with pytest.raises(ClientClosed):
            await client.orders.acknowledge(ORDER_ID)
    assert len(raw.requests) == 1


def test_a_copy_used_in_another_event_loop_is_refused_and_sends_nothing() -> None:
    client = KlarnaClient("http://127.0.0.1:9", api_key="k", retry=Retry.off())

    async def use(client: KlarnaClient) -> None:
        with pytest.raises(KlarnaError) as caught:
            await client.orders.acknowledge(ORDER_ID)
        raise caught.value

    with pytest.raises(ConnectionFailed):
        asyncio.run(use(client))
    with pytest.raises(ClientClosed, match="another event loop") as caught:
        asyncio.run(use(client.with_options(total_timeout=5)))
    assert caught.value.outcome is Outcome.NOT_SENT
    asyncio.run(client.aclose())


async def test_thousands_of_failing_calls_leave_descriptors_tasks_and_memory_flat(
    make_client: MakeClient, raw: RawKlarna, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused by the server, reset, cut, never connected: a quarter each. The guard's memory of keys is bounded here,
    as it is in use (100,000 keys). `KLARNA_OM_PROOFS=long`: 5,000 calls."""
    many = 5000 if LONG else 600
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        klarna = make_client(raw.url, retry=Retry.off())
        nowhere = make_client(f"http://127.0.0.1:{unused.getsockname()[1]}", retry=Retry.off())
        klarna._shared.guard.capacity = nowhere._shared.guard.capacity = 100
        kinds = set()
        monkeypatch.setattr(logging.getLogger("klarna_om"), "disabled", True)  # pytest keeps every line

        async def one(client: KlarnaClient) -> None:
            with pytest.raises(KlarnaError) as caught:
                await client.orders.acknowledge(ORDER_ID)
            kinds.add(type(caught.value))

        async def fail(times: int) -> None:
            for _ in range(times // 40):
                raw.breaks = [
                    *[Break(Point.ANSWER, End.CLOSE, answer=Answer(403, {}, b"{}"))] * 10,
                    *[Break(Point.REQUEST, End.RESET)] * 10,
                    *[Break(Point.MID_BODY, End.CLOSE)] * 10,
                ]
                await asyncio.gather(*(one(klarna if n % 4 else nowhere) for n in range(40)))
                raw.requests.clear()
                raw.effects.clear()

        await fail(500)
        await until(lambda: raw.open_connections == 0)
        gc.collect()
        tasks, files, blocks = len(asyncio.all_tasks()), descriptors(), [sys.getallocatedblocks()]

        for _ in range(2):  # a cache that fills up once is no leak
            await fail(many)
            await until(lambda: raw.open_connections == 0)
            gc.collect()
            blocks.append(sys.getallocatedblocks())

    assert kinds == {NotAllowed, ConnectionLost, AnswerCut, ConnectionFailed}
    assert len(asyncio.all_tasks()) <= tasks
    assert descriptors() <= files + 2
    assert min(blocks[1] - blocks[0], blocks[2] - blocks[1]) < many
    assert isinstance(klarna._shared.guard, KeyGuard)
    assert len(klarna._shared.guard._uses) <= 100 + 64
    assert klarna._shared.concurrency.taken == 0

"""Every attempt waits for its place, and only for as long as the caller allows."""

import asyncio

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import QueueTimeout, RateLimited
from klarna_om.outcome import Outcome
from klarna_om.pace.pacer import Pacer
from klarna_om.retry.policy import Retry
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Slow, Wire


class OneSlot(Pacer):
    """A pacer whose slots are used up."""

    def __init__(self) -> None:
        super().__init__(0.001)
        assert self.try_acquire("batch")
        for _ in range(10):
            self.try_acquire("live")


async def test_a_call_that_finds_no_slot_in_time_is_not_sent(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(pace=OneSlot(), queue_timeout=0.01, lane="batch")

    with pytest.raises(QueueTimeout, match=r"no place in the rate limit or the pool after 0\.0 s") as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert not server.requests


async def test_a_call_that_finds_no_place_in_time_is_not_sent(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(in_flight=1, queue_timeout=0.01, retry=Retry.off())
    server.otherwise = Broken(Cut.HANG)
    first = asyncio.create_task(klarna.orders.acknowledge(ORDER_ID))
    while not server.requests:
        await asyncio.sleep(0.001)

    with pytest.raises(QueueTimeout):
        await klarna.orders.acknowledge(ORDER_ID)

    first.cancel()
    await asyncio.wait([first])
    server.otherwise = Answer(204)
    await klarna.orders.acknowledge(ORDER_ID)


async def test_the_total_time_limits_the_wait_too(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(pace=OneSlot(), total_timeout=0.01, lane="batch")

    with pytest.raises(QueueTimeout):
        await klarna.orders.acknowledge(ORDER_ID)

    assert not server.requests


@pytest.mark.parametrize("taken", [0, 1])
async def test_a_call_cancelled_while_it_waits_gives_back_its_place(make_client: MakeClient, taken: int) -> None:
    klarna = make_client(pace=OneSlot(), in_flight=1, lane="batch")
    if taken:
        assert klarna._shared.concurrency.try_acquire()
    call = asyncio.create_task(klarna.orders.acknowledge(ORDER_ID))
    await asyncio.sleep(0)

    call.cancel()
    await asyncio.wait([call])

    assert klarna._shared.concurrency.taken == taken


async def test_every_attempt_takes_a_slot(make_client: MakeClient, server: Wire) -> None:
    slots = 0

    class Counting(Pacer):
        def try_acquire(self, lane: object, share: float = 1.0) -> bool:
            nonlocal slots
            slots += 1
            return True

    server.will(Answer(503), Answer(503))
    await make_client(pace=Counting(100)).orders.acknowledge(ORDER_ID)

    assert slots == 3


async def test_the_wait_for_a_pooled_connection_counts_as_queue(make_client: MakeClient, server: Wire) -> None:
    """Twenty calls of 50 ms through a pool of 2 take 500 ms, far more than one attempt may."""
    klarna = make_client(in_flight=2, attempt_timeout=0.4, retry=Retry.off())
    server.otherwise = Slow(Answer(204), seconds=0.05)

    await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(20)))

    assert len(server.requests) == 20
    assert server.connections == 2


async def test_clients_of_one_merchant_share_a_pacer_and_others_do_not(server: Wire) -> None:
    settings = {"username": "u", "password": "p"}
    one, same = KlarnaClient(server.url, **settings), KlarnaClient(server.url, **settings)  # type: ignore[arg-type]
    other = KlarnaClient(server.url, username="v", password="p")
    own, off = KlarnaClient(server.url, rate=5, **settings), KlarnaClient(server.url, pace="off", **settings)  # type: ignore[arg-type]
    given = KlarnaClient(server.url, username="v", password="p", pace=one.pace or "off")

    assert one.pace is same.pace is one.with_options(lane="batch").pace is given.pace
    assert one.pace is not None
    assert one.pace is not other.pace
    assert own.pace is not None
    assert own.pace.snapshot().rate == 5
    assert off.pace is None


@pytest.mark.parametrize(("headers", "holds"), [({}, False), ({"X-Ratelimit-Limit": "200"}, True)])
async def test_only_klarnas_429_holds_the_merchant(
    make_client: MakeClient, server: Wire, headers: dict[str, str], holds: bool
) -> None:
    server.otherwise = Answer(429, {"X-Ratelimit-Reset": "1764000000", **headers}, is_signed=False)
    pacer = Pacer(200)

    with pytest.raises(RateLimited):
        await make_client(pace=pacer, retry=Retry.off()).orders.acknowledge(ORDER_ID)

    assert (pacer.snapshot().held_for > 0) is holds

"""One process at a time works on an intent; when it dies another takes over, and a late one changes nothing."""

import asyncio
from typing import Any

import pytest
from attrs import define

from klarna_om import Handler, Request, Response
from klarna_om.outbox import LeaseLost, State
from klarna_om.outbox.database import open_database
from klarna_om.outbox.lease import Lease
from klarna_om.outbox.store import Finish, Store
from tests.outbox.shop import Shop
from tests.support.time import Clock
from tests.workflows.calls import AfterWrite, BeforeWrite, new_client


def store(shop: Shop) -> Store:
    """What another process has of the same database."""
    return Store(open_database(shop.database, shop.sandbox.clock))


async def test_what_a_process_had_claimed_is_taken_over_when_its_lease_is_over(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.capture(order)
    dead = await store(shop).claim(20.0, shop.sandbox.url)
    assert dead is not None

    await shop.drain()
    assert shop.sandbox.request_count == 0
    shop.sandbox.clock.advance(seconds=21)
    await shop.drain()

    assert ((await shop.get(intent_id)).state, shop.effects(order)) == (State.DONE, 1)


async def test_first_tried_is_committed_with_the_lease(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())

    claim = await store(shop).claim(20.0, shop.sandbox.url)

    intent = await shop.get(intent_id)
    assert claim is not None
    assert (claim.was_tried, intent.first_tried, intent.state) == (False, claim.intent.first_tried, State.PENDING)
    assert intent.first_tried is not None


async def test_who_lost_the_lease_writes_no_result(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    first = await store(shop).claim(20.0, shop.sandbox.url)
    shop.sandbox.clock.advance(seconds=21)
    second = await store(shop).claim(20.0, shop.sandbox.url)
    assert first is not None
    assert second is not None

    assert second.was_tried
    assert not await store(shop).renew(first, 20.0)
    assert not await store(shop).finish(first, Finish(state=State.REFUSED))
    await store(shop).release(first)
    assert await store(shop).renew(second, 20.0)
    assert await store(shop).finish(second, Finish(state=State.DONE, result_id="c-1"))
    assert ((await shop.get(intent_id)).state, (await shop.get(intent_id)).result_id) == (State.DONE, "c-1")


async def test_an_order_at_work_is_not_claimed_again(shop: Shop) -> None:
    order = shop.order()
    await shop.capture(order, 100, "s-1")
    await shop.capture(order, 100, "s-2")

    claims = [await store(shop).claim(20.0, shop.sandbox.url) for _ in range(3)]

    assert [claim is not None for claim in claims] == [True, False, False]


async def test_claims_at_the_same_moment_are_of_different_intents(shop: Shop) -> None:
    for _ in range(5):
        await shop.capture(shop.order())

    claims = await asyncio.gather(*(store(shop).claim(20.0, shop.sandbox.url) for _ in range(8)))

    ids = [claim.intent.id for claim in claims if claim is not None]
    assert len(ids) == len(set(ids))


async def test_a_lease_is_renewed_while_a_call_takes_long(shop: Shop) -> None:
    order = shop.order()
    await shop.capture(order)
    shop.sandbox.fail_next(1, fault="slow", seconds=0.6, operation="captures.create")

    async with new_client(shop.sandbox) as other:
        await asyncio.gather(
            shop.drain(lease=0.3), shop.drain(other, lease=0.3), _look(shop, 0.45), return_exceptions=False
        )

    writes = [seen for seen in shop.sandbox.requests if seen.operation == "captures.create"]
    assert len(writes) == 1


async def _look(shop: Shop, seconds: float) -> None:
    await asyncio.sleep(seconds)
    async with new_client(shop.sandbox) as third:
        await shop.drain(third, lease=0.3)


async def test_a_process_that_slept_through_its_lease_sends_nothing(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.capture(order)
    clock = Clock()

    async def sleep(_: Request) -> None:
        clock.now += 21

    async with new_client(shop.sandbox, BeforeWrite(sleep)) as client:
        await shop.drain(client, monotonic=clock)

    assert shop.effects(order) == 0
    intent = await shop.get(intent_id)
    assert (intent.state, intent.failed_calls, intent.first_tried) == (State.PENDING, 0, None)


async def test_a_result_that_comes_after_a_takeover_is_dropped(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    order = shop.order()
    intent_id = await shop.capture(order)

    @define
    class TakenOver:
        is_over: bool = False

        async def __call__(self, request: Request, below: Handler) -> Response:
            response = await below(request)
            if request.is_write and not self.is_over:
                self.is_over = True
                shop.sandbox.clock.advance(seconds=21)
                await shop.drain()
            return response

    async with new_client(shop.sandbox, TakenOver()) as client:
        await shop.drain(client)

    assert "another process has taken it over" in caplog.text
    assert ((await shop.get(intent_id)).state, shop.effects(order)) == (State.DONE, 1)


async def test_a_lease_that_cannot_be_renewed_ends_the_sending(shop: Shop) -> None:
    await shop.capture(shop.order())
    claim = await store(shop).claim(20.0, shop.sandbox.url)
    assert claim is not None
    lease = Lease(claim, 20.0, Clock(), Clock())
    lease.hold_from((Clock().now, Clock().now))
    lease.check()

    lease.end()

    with pytest.raises(LeaseLost) as caught:
        lease.check()
    assert caught.value.operation == "captures.create"


@pytest.mark.parametrize("which", [0, 1])
async def test_a_lease_ends_by_either_clock(shop: Shop, which: int) -> None:
    await shop.capture(shop.order())
    claim: Any = await store(shop).claim(20.0, shop.sandbox.url)
    clocks = [Clock(), Clock()]
    lease = Lease(claim, 20.0, *clocks)
    lease.hold_from((clocks[0].now, clocks[1].now))

    clocks[which].now += 20

    with pytest.raises(LeaseLost):
        lease.check()


async def test_a_takeover_while_a_call_is_under_way_ends_the_lease(shop: Shop) -> None:
    order = shop.order()
    await shop.capture(order)
    clock = shop.sandbox.clock

    async with new_client(shop.sandbox, AfterWrite(lambda: clock.advance(seconds=1))) as client:
        shop.sandbox.fail_next(1, fault="slow", seconds=0.3, operation="captures.create")
        draining = asyncio.create_task(shop.drain(client, lease=0.4))
        while not shop.sandbox.request_count:
            await asyncio.sleep(0.005)
        clock.advance(seconds=1)
        claim = None
        while claim is None:
            claim = await store(shop).claim(20.0, shop.sandbox.url)
            clock.advance(seconds=0.2)
        await draining

    assert shop.effects(order) == 1
    assert await shop.states() == ["pending"]

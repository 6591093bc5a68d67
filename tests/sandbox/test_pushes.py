"""Pushes that the sandbox sends to a shop, by its clock."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from klarna_om.sandbox import Clock, Sandbox
from klarna_om.sandbox.push_schedule import NOTIFICATION_DELAYS, PUSH_DELAYS
from tests.sandbox.ledger_driver import NOON, clock_at_noon
from tests.sandbox.shop import ReceivedPush, Shop, never, run_shop, send_pushes_after
from tests.support.time import Clock as RealClock

MINUTE, HOUR = 60.0, 3600.0


def test_the_schedule_is_klarnas() -> None:
    assert [delay / MINUTE for delay in PUSH_DELAYS[:5]] == [2, 5, 15, 30, 60]
    assert {later - earlier for earlier, later in pairwise(PUSH_DELAYS[4:])} == {4 * HOUR}
    assert PUSH_DELAYS[-1] == 45 * HOUR  # the next one would be after 48 hours
    assert (NOTIFICATION_DELAYS[0], NOTIFICATION_DELAYS[1], len(NOTIFICATION_DELAYS)) == (0, 10 * MINUTE, 144)


async def test_two_minutes_after_the_purchase_klarna_posts_nothing_but_the_id(sandbox: Sandbox, shop: Shop) -> None:
    order_id = sandbox.order(push_url=shop.push_url).order_id

    await send_pushes_after(sandbox, 2 * MINUTE - 1)
    early = len(shop.received)
    await send_pushes_after(sandbox, 1)

    assert early == 0
    assert shop.received == [ReceivedPush("POST", f"/push?sid={order_id}", b"", None)]


async def test_a_sent_push_is_recorded(sandbox: Sandbox, shop: Shop) -> None:
    shop.status = 503
    order_id = sandbox.order(push_url=shop.push_url).order_id

    await send_pushes_after(sandbox, 3 * MINUTE)

    (push,) = sandbox.pushes
    assert (push.kind, push.order_id, push.url) == ("push", order_id, f"{shop.url}/push?sid={order_id}")
    assert (push.due, push.time, push.status, push.error) == (NOON + 2 * MINUTE, NOON + 3 * MINUTE, 503, "")
    assert 0 < push.duration < 5


async def test_pushes_go_on_for_48_hours_whatever_the_shop_answers(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.order(push_url=shop.push_url)

    for _ in range(4 * 60):
        await send_pushes_after(sandbox, 15 * MINUTE)

    assert [push.due - NOON for push in sandbox.pushes] == list(PUSH_DELAYS)


async def test_a_jump_of_the_clock_sends_all_that_was_due_in_order(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.order(push_url=shop.push_url)

    await send_pushes_after(sandbox, HOUR)

    assert [push.due - NOON for push in sandbox.pushes] == [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR]


async def test_pushes_end_when_the_order_is_acknowledged(sandbox: Sandbox, shop: Shop) -> None:
    klarna = sandbox.client()
    order_id = sandbox.order(push_url=shop.push_url).order_id or ""

    async def acknowledge_the_second(order_id: str) -> None:
        if len(shop.received) == 2:
            await klarna.orders.acknowledge(order_id)

    shop.work = acknowledge_the_second
    await send_pushes_after(sandbox, 48 * HOUR)

    assert [push.order_id for push in sandbox.pushes] == [order_id, order_id]


async def test_an_order_that_is_captured_gets_no_push(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.order(push_url=shop.push_url, order_amount=5, captured_amount=5)

    await send_pushes_after(sandbox, HOUR)

    assert sandbox.pushes == ()


async def test_a_push_may_come_before_the_order_can_be_read(sandbox: Sandbox, shop: Shop) -> None:
    klarna = sandbox.client()
    sandbox.order(push_url=shop.push_url, appears_after_requests=1)
    shop.work = klarna.orders.get

    await send_pushes_after(sandbox, 5 * MINUTE)

    assert [push.status for push in sandbox.pushes] == [500, 200]


async def test_klarna_gives_up_on_a_push_that_takes_too_long(shop: Shop) -> None:
    shop.work = never
    async with Sandbox(clock=clock_at_noon(), push_timeout=0.05) as sandbox:
        sandbox.order(push_url=shop.push_url)

        await send_pushes_after(sandbox, 2 * MINUTE)

        (push,) = sandbox.pushes
    assert (push.status, push.error) == (None, "no answer within 0.05 s")
    assert push.duration >= 0.05


async def test_a_shop_that_is_down_gets_the_next_push_all_the_same(sandbox: Sandbox) -> None:
    async with run_shop() as shop:
        sandbox.order(push_url=shop.push_url)

    await send_pushes_after(sandbox, 5 * MINUTE)

    assert [push.status for push in sandbox.pushes] == [None, None]
    assert "ClientConnectorError" in sandbox.pushes[0].error


async def test_a_redirect_is_not_followed(sandbox: Sandbox, shop: Shop) -> None:
    shop.status = 302
    sandbox.order(push_url=shop.push_url)

    await send_pushes_after(sandbox, 2 * MINUTE)

    assert (sandbox.pushes[0].status, len(shop.received)) == (302, 1)


async def test_pushes_for_different_orders_are_sent_at_the_same_time(sandbox: Sandbox, shop: Shop) -> None:
    all_there = asyncio.Barrier(20)

    async def wait_for_the_others(_: str) -> None:
        await all_there.wait()

    shop.work = wait_for_the_others
    for _ in range(20):
        sandbox.order(push_url=shop.push_url)

    await send_pushes_after(sandbox, 2 * MINUTE)

    assert {push.status for push in sandbox.pushes} == {200}
    assert len({push.order_id for push in sandbox.pushes}) == 20


async def test_the_sandbox_may_have_urls_for_all_orders(shop: Shop) -> None:
    clock = clock_at_noon()
    async with Sandbox(3, clock=clock, push_url=shop.push_url, notification_url=shop.notification_url) as sandbox:
        first = sandbox.order(fraud_status="PENDING").order_id or ""
        sandbox.push_url = None
        sandbox.order()

        sandbox.set_fraud_status(first, "ACCEPTED")
        await send_pushes_after(sandbox, 2 * MINUTE)

    assert {received.path for received in shop.received} == {"/fraud", f"/push?sid={first}"}


async def sent(sandbox: Sandbox, number: int) -> None:
    while len(sandbox.pushes) < number:
        await asyncio.sleep(0.001)


async def test_due_pushes_are_sent_in_the_background_when_the_clock_is_set(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.order(push_url=shop.push_url)

    sandbox.clock.set(sandbox.clock.now.replace(minute=2))
    await sent(sandbox, 1)
    sandbox.clock.advance(minutes=3)
    await sent(sandbox, 2)

    assert len(shop.received) == 2


async def test_due_pushes_are_sent_in_the_background_when_their_time_comes(shop: Shop) -> None:
    real = RealClock(NOON)
    async with Sandbox(clock=Clock(real)) as sandbox:
        sandbox.order(push_url=shop.push_url)
        sandbox.clock.advance(seconds=2 * MINUTE - 0.01)  # the task sleeps until then
        await asyncio.sleep(0)
        real.now += 0.01

        await sent(sandbox, 1)

    assert len(shop.received) == 1


async def test_a_sandbox_in_a_thread_sends_too(shop: Shop) -> None:
    with Sandbox(clock=clock_at_noon()) as sandbox:
        sandbox.order(push_url=shop.push_url)
        await send_pushes_after(sandbox, 2 * MINUTE)

        assert len(shop.received) == len(sandbox.pushes) == 1


async def test_no_push_is_sent_after_the_sandbox_has_stopped(shop: Shop) -> None:
    async with Sandbox(clock=clock_at_noon()) as sandbox:
        sandbox.order(push_url=shop.push_url)

    sandbox.clock.advance(hours=1)

    with pytest.raises(RuntimeError, match="sends pushes while it serves"):
        await sandbox.send_due_pushes()
    assert shop.received == []


async def test_stopping_does_not_wait_for_a_push(shop: Shop) -> None:
    shop.work = never
    async with Sandbox(clock=clock_at_noon(), push_timeout=3600) as sandbox:
        sandbox.order(push_url=shop.push_url)
        sandbox.clock.advance(minutes=2)
        while not shop.received:
            await asyncio.sleep(0.001)

    assert sandbox.pushes == ()


@pytest.mark.parametrize("name", ["push_url", "notification_url"])
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://shop.example/{checkout.order.id}", "shop.example is another machine"),
        ("http://192.168.1.5/{checkout.order.id}", "192.168.1.5 is another machine"),
        ("ftp://127.0.0.1/{checkout.order.id}", "is no URL"),
        ("/push/{checkout.order.id}", "is no URL"),
        ("http://[::1/{checkout.order.id}", "is no URL"),
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(name: str, url: str, message: str) -> None:
    urls: dict[str, Any] = {name: url}

    with pytest.raises(ValueError, match=f"{name}.*{message}"):
        Sandbox(**urls)
    with pytest.raises(ValueError, match=f"{name}.*{message}"):
        Sandbox().order(**urls)


def test_a_push_url_without_a_place_for_the_id_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no place for the order's id: write \{checkout\.order\.id\} into it"):
        Sandbox().order(push_url="http://127.0.0.1:8000/push")


def test_another_machine_may_be_allowed() -> None:
    order = Sandbox(allow_remote=True).order(push_url="http://shop:8000/push/{checkout.order.id}")

    assert order.order_id

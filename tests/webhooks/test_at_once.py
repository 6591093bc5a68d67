"""Pushes of one order at the same time: stored once, acknowledged once, all answered."""

import asyncio
import gc
import sqlite3
import sys
from pathlib import Path

import pytest

from klarna_om import KlarnaClient, Order
from klarna_om.sandbox import Sandbox
from klarna_om.webhooks import PushResult, handle_notification, handle_push
from klarna_om.webhooks.joining import _under_way
from tests.support.shop import Shop

ROOT = Path(__file__).parents[2]


async def test_ten_pushes_at_once_are_ten_200s_stored_once_and_acknowledged_once(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    pushes = await asyncio.gather(*(handle_push(klarna, order_id, store=shop.store) for _ in range(10)))

    assert [push.status for push in pushes] == [200] * 10
    assert [push.is_joined for push in pushes].count(False) == 1
    assert (len(shop.calls), sandbox.acknowledgements, sandbox.request_count) == (1, 1, 2)
    assert {push.order_id for push in pushes} == {order_id}


async def test_ten_at_once_in_each_of_two_processes_are_one_order_and_one_acknowledgement(
    sandbox: Sandbox, order_id: str, tmp_path: Path
) -> None:
    database = tmp_path / "shop.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("create table orders (order_id text primary key)")
    command = ("-m", "tests.webhooks.ten_pushes", sandbox.url, order_id, str(database), "10")

    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=pipe) for _ in range(2)
    ]
    outputs = [(await process.communicate())[0].decode().split() for process in processes]

    assert [len(output) for output in outputs] == [10, 10]
    assert {push.split(":")[0] for output in outputs for push in output} == {"200"}
    assert sandbox.acknowledgements == 1
    with connection:
        assert connection.execute("select count(*) from orders").fetchone() == (1,)
    connection.close()


async def test_pushes_of_different_orders_are_not_joined(klarna: KlarnaClient, sandbox: Sandbox, shop: Shop) -> None:
    ids = [sandbox.order().order_id for _ in range(5)]

    pushes = await asyncio.gather(*(handle_push(klarna, one, store=shop.store) for one in ids))

    assert not any(push.is_joined for push in pushes)
    assert sorted(map(str, shop.orders)) == sorted(map(str, ids))


async def test_a_failure_is_the_result_of_all_that_were_joined(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    shop.error = RuntimeError()

    pushes = await asyncio.gather(*(handle_push(klarna, order_id, store=shop.store) for _ in range(3)))

    assert [push.result for push in pushes] == [PushResult.STORE_FAILED] * 3
    assert len(shop.calls) == 1


async def test_when_the_first_one_goes_away_the_next_one_does_the_work(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    shop.seconds = 0.2
    first = asyncio.create_task(handle_push(klarna, order_id, store=shop.store))
    await shop.started.wait()
    others = [asyncio.create_task(handle_push(klarna, order_id, store=shop.store)) for _ in range(3)]
    await asyncio.sleep(0)

    first.cancel()
    pushes = await asyncio.gather(*others)

    assert first.cancelled()
    assert [push.status for push in pushes] == [200] * 3
    assert (shop.rolled_back, len(shop.calls), sandbox.acknowledgements) == (1, 2, 1)


async def test_one_that_waits_and_goes_away_disturbs_nobody(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    shop.seconds = 0.2
    first = asyncio.create_task(handle_push(klarna, order_id, store=shop.store))
    await shop.started.wait()
    second = asyncio.create_task(handle_push(klarna, order_id, store=shop.store))
    await asyncio.sleep(0)

    second.cancel()

    assert (await first).status == 200
    assert second.cancelled()


async def test_one_that_waits_keeps_its_own_budget(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    shop.seconds = 0.4
    first = asyncio.create_task(handle_push(klarna, order_id, store=shop.store))
    await shop.started.wait()

    second = await handle_push(klarna, order_id, store=shop.store, budget=0.05)

    assert (second.status, second.result, second.is_joined) == (503, PushResult.BUDGET_OVER, True)
    assert (await first).status == 200


async def test_a_push_that_acknowledges_is_not_joined_with_one_that_does_not(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    shop.seconds = 0.05

    without, acknowledging = await asyncio.gather(
        handle_push(klarna, order_id, store=shop.store, acknowledge=False),
        handle_push(klarna, order_id, store=shop.store),
    )

    assert (without.status, without.is_acknowledged) == (200, False)
    assert (acknowledging.status, acknowledging.is_acknowledged, sandbox.acknowledgements) == (200, True, 1)


async def test_a_push_and_a_notification_are_not_joined(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    body = f'{{"order_id": "{order_id}", "event_type": "FRAUD_RISK_ACCEPTED"}}'.encode()

    await asyncio.gather(
        handle_push(klarna, order_id, store=shop.store), handle_notification(klarna, body, handle=shop.handle)
    )

    assert len(shop.calls) == 2


async def test_the_store_runs_in_the_task_of_its_own_request(klarna: KlarnaClient, order_id: str) -> None:
    tasks: list[asyncio.Task[None] | None] = []

    async def store(order: Order) -> None:
        tasks.append(asyncio.current_task())

    await handle_push(klarna, order_id, store=store)

    assert tasks == [asyncio.current_task()]


async def test_nothing_is_kept_of_pushes_and_clients_that_are_gone(sandbox: Sandbox, order_id: str, shop: Shop) -> None:
    before = len(_under_way)
    async with KlarnaClient(sandbox.url, username="sandbox", password="sandbox") as client:
        await handle_push(client, order_id, store=shop.store)
        assert _under_way[client] == {}

    del client
    gc.collect()

    assert len(_under_way) <= before


@pytest.mark.parametrize("result", [PushResult.TOO_FRESH])
async def test_a_retry_of_klarna_is_made_for_all_of_them(
    klarna: KlarnaClient, sandbox: Sandbox, shop: Shop, result: PushResult
) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"

    pushes = await asyncio.gather(*(handle_push(klarna, unknown, store=shop.store) for _ in range(4)))

    assert [push.result for push in pushes] == [result] * 4
    assert sandbox.request_count == 1

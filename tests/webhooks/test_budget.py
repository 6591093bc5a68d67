"""Klarna gives up on a push after about 5 seconds: everything is within a budget."""

import asyncio
from typing import Any

import pytest

from klarna_om import ConfigurationError, KlarnaClient, Order
from klarna_om.sandbox import Sandbox
from klarna_om.webhooks import PushResult, handle_notification, handle_push
from tests.conftest import MakeClient
from tests.support.shop import Shop
from tests.support.wire import Broken, Cut, Wire, json_answer

ORDER_ID = "7849fd84-47dc-4919-a7ce-47b9f461562f"


async def test_a_slow_store_is_cancelled_and_nothing_is_acknowledged(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    shop.seconds = 60

    push = await handle_push(klarna, order_id, store=shop.store, budget=0.3)

    assert (push.status, push.result, push.is_acknowledged) == (503, PushResult.BUDGET_OVER, False)
    assert isinstance(push.error, TimeoutError)
    assert (shop.rolled_back, shop.orders, sandbox.acknowledgements) == (1, {}, 0)
    assert push.order is not None


async def test_a_commit_that_ends_after_the_budget_is_not_acknowledged(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    stored: list[Order] = []

    async def commit(order: Order) -> None:
        await asyncio.sleep(0.4)
        stored.append(order)

    async def store(order: Order) -> None:
        committing = asyncio.ensure_future(commit(order))
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            await committing  # a cancellation that is swallowed

    push = await handle_push(klarna, order_id, store=store, budget=0.3)

    assert (push.status, push.result) == (503, PushResult.BUDGET_OVER)
    assert (len(stored), sandbox.acknowledgements) == (1, 0)


async def test_an_error_that_the_cancellation_causes_is_no_failure_of_the_store(
    klarna: KlarnaClient, order_id: str
) -> None:
    async def store(order: Order) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ConnectionError("the driver gave up") from None

    push = await handle_push(klarna, order_id, store=store, budget=0.3)

    assert push.result is PushResult.BUDGET_OVER
    assert isinstance(push.error, ConnectionError)


async def test_a_time_out_of_the_stores_own_is_the_stores_failure(klarna: KlarnaClient, order_id: str) -> None:
    async def store(order: Order) -> None:
        raise TimeoutError("no connection in the pool")

    push = await handle_push(klarna, order_id, store=store)

    assert push.result is PushResult.STORE_FAILED


async def test_a_klarna_that_hangs_is_named_with_the_error_of_its_call(
    make_client: MakeClient, server: Wire, shop: Shop
) -> None:
    server.otherwise = Broken(Cut.HANG)

    push = await handle_push(make_client(), ORDER_ID, store=shop.store, budget=1.0)

    assert (push.status, push.result) == (503, PushResult.KLARNA_FAILED)
    assert type(push.error).__name__ == "AnswerTimeout"


async def test_an_acknowledgement_that_hangs_leaves_the_order_stored(
    make_client: MakeClient, server: Wire, shop: Shop
) -> None:
    server.will(json_answer({"order_id": ORDER_ID}), Broken(Cut.HANG))

    push = await handle_push(make_client(), ORDER_ID, store=shop.store, budget=1.0)

    assert (push.status, push.result, list(shop.orders)) == (503, PushResult.NOT_ACKNOWLEDGED, [ORDER_ID])


@pytest.mark.parametrize("budget", [0, -1, True, None, "4", float("inf"), float("nan")], ids=repr)
async def test_a_budget_that_is_no_time_is_refused(klarna: KlarnaClient, shop: Shop, budget: Any) -> None:
    with pytest.raises(ConfigurationError, match="budget is a positive number of seconds"):
        await handle_push(klarna, ORDER_ID, store=shop.store, budget=budget)
    with pytest.raises(ConfigurationError, match="budget is a positive number of seconds"):
        await handle_notification(klarna, b"", handle=shop.handle, budget=budget)

"""Each example shop receives pushes, ships, takes back and reports, in a real server and on a real database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.structuring import to_dict
from tests.examples.client import Caller, call
from tests.examples.conftest import TOKEN, Serve, on

pytestmark = on(("fastapi", "postgresql"), ("aiohttp", "sqlite"))

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def caller(serve: Serve, klarna_sandbox: Sandbox) -> AsyncIterator[Caller]:
    """A shop that runs."""
    async with serve() as url:
        yield Caller(url, klarna_sandbox)


async def test_a_push_is_stored_and_acknowledged(caller: Caller, klarna_sandbox: Sandbox) -> None:
    order_id = await caller.pushed_order()

    shown = await caller.get(f"/orders/{order_id}")

    assert [push.status for push in klarna_sandbox.pushes] == [200]
    assert shown == (200, to_dict(klarna_sandbox.get(order_id)))
    assert klarna_sandbox.acknowledgements == 1


async def test_ten_pushes_at_once_are_stored_once_and_acknowledged_once(
    caller: Caller, klarna_sandbox: Sandbox
) -> None:
    order_id = caller.new_order()
    push = f"{caller.url}/klarna/push/{TOKEN}?klarna_order_id={order_id}"

    statuses = [status for status, _ in await asyncio.gather(*(call("POST", push) for _ in range(10)))]
    forged, _ = await call("POST", push.replace(TOKEN, "x"))
    while not klarna_sandbox.is_acknowledged(order_id):
        await asyncio.sleep(0.01)

    assert (statuses, forged) == ([200] * 10, 404)
    assert klarna_sandbox.acknowledgements == 1


async def test_a_shipment_is_captured_and_a_return_refunded(caller: Caller, klarna_sandbox: Sandbox) -> None:
    order_id = await caller.pushed_order()

    first, again = [await caller.move(order_id, "shipments/shipment-1", 700) for _ in range(2)]
    shipment = await caller.settled("/shipments/shipment-1")
    await caller.move(order_id, "returns/return-1", 200)
    returned = await caller.settled("/returns/return-1")

    order = klarna_sandbox.get(order_id)
    assert (first[0], again[0], first[1]["intent_id"]) == (202, 202, again[1]["intent_id"])
    assert (shipment["state"], [shipment["klarna_id"]]) == ("done", [one.capture_id for one in order.captures])
    assert (returned["state"], returned["klarna_id"]) == ("done", order.refunds[0].refund_id)
    assert (order.captured_amount, order.refunded_amount) == (700, 200)


async def test_a_capture_that_klarna_refuses_is_noted(caller: Caller) -> None:
    order_id = await caller.pushed_order()

    await caller.move(order_id, "shipments/shipment-1", 7000)

    assert (await caller.settled("/shipments/shipment-1"))["state"] == "refused"


async def test_an_order_is_shipped_when_its_fraud_review_is_over(caller: Caller, klarna_sandbox: Sandbox) -> None:
    order_id = await caller.pushed_order(fraud_status="PENDING")
    early, _ = await caller.move(order_id, "shipments/shipment-1", 700)

    klarna_sandbox.set_fraud_status(order_id, "ACCEPTED")
    await klarna_sandbox.send_due_pushes()
    late, _ = await caller.move(order_id, "shipments/shipment-1", 700)

    assert (early, late) == (409, 202)
    assert (await caller.settled("/shipments/shipment-1"))["state"] == "done"


async def test_errors_get_a_status(caller: Caller) -> None:
    order_id = await caller.pushed_order()
    await caller.move(order_id, "shipments/shipment-1", 700)

    at_klarna, body = await caller.get(f"/orders/{UNKNOWN}")
    in_the_shop, _ = await caller.get("/shipments/another")
    unknown, _ = await caller.move(UNKNOWN, "shipments/shipment-2", 700)
    taken, _ = await caller.move(order_id, "shipments/shipment-1", 600)
    wrong, _ = await caller.move(order_id, "shipments/shipment-2", "7.00")
    negative, _ = await caller.move(order_id, "returns/return-1", -1)

    assert (at_klarna, body["outcome"]) == (404, "refused")
    assert (in_the_shop, unknown, taken, wrong, negative) == (404, 404, 409, 422, 422)


async def test_health_and_metrics_are_shown(caller: Caller) -> None:
    order_id = await caller.pushed_order()
    await caller.move(order_id, "shipments/shipment-1", 700)
    await caller.settled("/shipments/shipment-1")

    health, ready = (await caller.get("/health"))[0], (await caller.get("/ready"))[0]
    _, page = await caller.get("/metrics")

    assert (health, ready) == (200, 200)
    assert 'shop_pushes_total{result="stored"} 1.0' in page
    assert 'klarna_calls_total{operation="captures.create",outcome="done"} 1.0' in page
    assert 'outbox_intents{state="escalated"} 0.0' in page
    assert order_id not in page

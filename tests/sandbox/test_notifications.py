"""Fraud notifications that the sandbox sends to a shop when a review has ended."""

import json

import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.push_schedule import NOTIFICATION_DELAYS
from tests.sandbox.ledger_driver import NOON
from tests.sandbox.shop import Shop, send_pushes_after

MINUTE, HOUR = 60.0, 3600.0


@pytest.mark.parametrize("status", ["ACCEPTED", "REJECTED", "STOPPED"])
async def test_the_end_of_a_review_is_told_to_the_shop(sandbox: Sandbox, shop: Shop, status: str) -> None:
    order = sandbox.order(fraud_status="PENDING", notification_url=shop.notification_url)

    sandbox.set_fraud_status(order.order_id or "", status)
    await sandbox.send_due_pushes()

    (received,) = shop.received
    assert (received.method, received.path, received.content_type) == ("POST", "/fraud", "application/json")
    assert json.loads(received.body) == {"order_id": order.order_id, "event_type": f"FRAUD_RISK_{status}"}
    assert sandbox.pushes[0].kind == "notification"


async def test_a_notification_is_repeated_every_10_minutes_until_a_200(sandbox: Sandbox, shop: Shop) -> None:
    order_id = sandbox.order(fraud_status="PENDING", notification_url=shop.notification_url).order_id or ""
    shop.status = 204

    sandbox.set_fraud_status(order_id, "ACCEPTED")
    await send_pushes_after(sandbox, 30 * MINUTE)
    shop.status = 200
    await send_pushes_after(sandbox, HOUR)

    assert [push.due - NOON for push in sandbox.pushes] == [0, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 40 * MINUTE]


async def test_notifications_end_after_24_hours(sandbox: Sandbox, shop: Shop) -> None:
    order_id = sandbox.order(fraud_status="PENDING", notification_url=shop.notification_url).order_id or ""
    shop.status = 500

    sandbox.set_fraud_status(order_id, "REJECTED")
    await send_pushes_after(sandbox, 30 * HOUR)

    assert len(shop.received) == len(NOTIFICATION_DELAYS)


async def test_a_new_result_of_the_review_replaces_the_old_one(sandbox: Sandbox, shop: Shop) -> None:
    order_id = sandbox.order(fraud_status="PENDING", notification_url=shop.notification_url).order_id or ""
    shop.status = 500

    async def correct_the_first(_: str) -> None:
        if len(shop.received) == 1:
            sandbox.set_fraud_status(order_id, "STOPPED")
            shop.status = 200

    shop.work = correct_the_first
    sandbox.set_fraud_status(order_id, "ACCEPTED")
    await send_pushes_after(sandbox, HOUR)

    events = [json.loads(received.body)["event_type"] for received in shop.received]
    assert events == ["FRAUD_RISK_ACCEPTED", "FRAUD_RISK_STOPPED"]


async def test_a_review_that_begins_again_ends_the_notifications(sandbox: Sandbox, shop: Shop) -> None:
    order_id = sandbox.order(fraud_status="PENDING", notification_url=shop.notification_url).order_id or ""

    sandbox.set_fraud_status(order_id, "REJECTED")
    sandbox.set_fraud_status(order_id, "PENDING")
    await sandbox.send_due_pushes()

    assert shop.received == []

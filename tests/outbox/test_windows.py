"""What is done with an intent in doubt when Klarna may have forgotten its key."""

from collections.abc import Callable
from typing import Any

import pytest

from klarna_om import UpdateMerchantReferences
from klarna_om.outbox import State
from klarna_om.outbox.states import Step, step_before_call
from klarna_om.workflows.after_window import AFTER_WINDOW, CLOCK_SLACK, KEY_VALIDITY, Expired
from tests.outbox.shop import Shop

ADD: dict[str, Callable[..., Any]] = {
    "orders.acknowledge": lambda o, c, order: o.acknowledge(c, order),
    "orders.cancel": lambda o, c, order: o.cancel(c, order),
    "orders.release_remaining_authorization": lambda o, c, order: o.release_remaining_authorization(c, order),
    "orders.extend_authorization_time": lambda o, c, order: o.extend_authorization_time(c, order, reference="e-1"),
    "orders.update_merchant_references": lambda o, c, order: o.update_merchant_references(
        c, order, UpdateMerchantReferences(merchant_reference1="A-17"), reference="m-1"
    ),
}


@pytest.mark.parametrize("operation", AFTER_WINDOW)
def test_inside_the_window_each_operation_is_repeated_under_its_key(operation: str) -> None:
    assert step_before_call(operation, None) is Step.CALL
    assert step_before_call(operation, -CLOCK_SLACK) is Step.CALL
    assert step_before_call(operation, KEY_VALIDITY - 1) is Step.CALL


@pytest.mark.parametrize(("operation", "after"), AFTER_WINDOW.items())
@pytest.mark.parametrize("age", [KEY_VALIDITY, 30 * 24 * 3600.0, -CLOCK_SLACK - 1])
def test_after_it_only_what_is_safe_is_sent(operation: str, after: Any, age: float) -> None:
    expected = {Expired.VERIFY: Step.CALL, Expired.RESEND: Step.RENEW, Expired.FAIL: Step.STOP}[after.step]

    assert step_before_call(operation, age) is expected
    assert after.reason


@pytest.mark.parametrize("kind", ["captures.create", "refunds.create"])
async def test_25_hours_later_a_capture_or_refund_is_found_at_klarna(shop: Shop, kind: str) -> None:
    order = shop.order(captured=500)
    intent_id = await (shop.capture(order) if kind == "captures.create" else shop.refund(order))
    shop.sandbox.fail_next(1, fault="reset-after", operation=kind)
    shop.sandbox.fail_next(1, status=503, operation="captures.list" if kind == "captures.create" else "orders.get")

    await shop.drain()
    shop.sandbox.clear_failures()
    shop.sandbox.clock.advance(hours=25)
    await shop.drain()

    assert ((await shop.get(intent_id)).state, shop.effects(order, kind)) == (State.DONE, 1)


@pytest.mark.parametrize("operation", ["orders.acknowledge", "orders.cancel", "orders.update_merchant_references"])
async def test_25_hours_later_what_is_harmless_goes_out_under_a_new_key(shop: Shop, operation: str) -> None:
    order = shop.order()
    intent_id = await shop.add(lambda o, c: ADD[operation](o, c, order))
    shop.sandbox.fail_next(1, fault="reset-after", operation=operation)
    shop.sandbox.fail_next(1, status=503, operation="orders.get")

    await shop.drain()
    assert (await shop.get(intent_id)).state is State.UNKNOWN
    shop.sandbox.clear_failures()
    shop.sandbox.clock.advance(hours=25)
    await shop.drain()

    intent = await shop.get(intent_id)
    assert (intent.state, intent.generation) == (State.DONE, 1)


@pytest.mark.parametrize("operation", ["orders.extend_authorization_time", "orders.release_remaining_authorization"])
async def test_25_hours_later_what_would_happen_twice_is_for_a_person(shop: Shop, operation: str) -> None:
    order = shop.order(captured=100)
    intent_id = await shop.add(lambda o, c: ADD[operation](o, c, order))
    shop.sandbox.fail_next(1, fault="reset-after", operation=operation)
    shop.sandbox.fail_next(1, status=503, operation="orders.get")
    await shop.drain()
    shop.sandbox.clear_failures()
    shop.sandbox.clock.advance(hours=25)
    await shop.drain()

    async with shop.connect() as connection:
        await shop.outbox().retry(connection, intent_id)
    await shop.drain()

    intent = await shop.get(intent_id)
    assert (intent.state, shop.effects(order, operation)) == (State.ESCALATED, 1)
    assert "call outbox.settle" in (intent.detail or "")

    async with shop.connect() as connection:
        await shop.outbox().settle(connection, intent_id, happened=False)
        await shop.outbox().retry(connection, intent_id)
    await shop.drain()
    assert (await shop.get(intent_id)).generation == 1


async def test_a_day_without_a_drain_changes_nothing_for_what_was_never_sent(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.add(lambda o, c: ADD["orders.extend_authorization_time"](o, c, order))

    shop.sandbox.clock.advance(hours=25)
    await shop.drain()

    assert ((await shop.get(intent_id)).state, shop.sandbox.effects()) == (State.DONE, 1)


@pytest.mark.parametrize("operation", ["orders.cancel", "orders.release_remaining_authorization"])
async def test_an_end_whose_answer_was_lost_is_read_back(shop: Shop, operation: str) -> None:
    order = shop.order(captured=0 if operation == "orders.cancel" else 100)
    intent_id = await shop.add(lambda o, c: ADD[operation](o, c, order))
    shop.sandbox.fail_next(1, fault="reset-after", operation=operation)

    await shop.drain()

    assert ((await shop.get(intent_id)).state, shop.effects(order, operation)) == (State.DONE, 1)

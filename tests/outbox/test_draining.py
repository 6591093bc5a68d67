"""A drain carries each intent to its end, in the order's sequence, and never has a second effect."""

import asyncio
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from klarna_om import (
    ClientClosed,
    ConfigurationError,
    Handler,
    KlarnaClient,
    Request,
    Response,
    Retry,
    UpdateAuthorization,
)
from klarna_om.outbox import IntentNotFound, State
from klarna_om.sandbox import Sandbox
from tests.outbox.shop import Shop
from tests.workflows.calls import BeforeWrite, authorize, new_client

TIERS = [timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=5)]


def lose_answers(shop: Shop, operation: str, times: int = 1) -> None:
    """Executed, and the connection breaks before the answer."""
    shop.sandbox.fail_next(times, fault="reset-after", operation=operation)


async def test_the_intents_of_an_order_run_in_sequence_with_two_drains(shop: Shop) -> None:
    order = shop.order()
    for number in range(6):
        await shop.capture(order, 100, f"s-{number}")

    async with new_client(shop.sandbox) as other:
        await asyncio.gather(shop.drain(), shop.drain(other))
    await shop.drain()

    captures = shop.sandbox.get(order).captures
    assert [capture.reference for capture in captures] == [f"s-{number}" for number in range(6)]


async def test_an_outbox_belongs_to_the_host_of_its_first_call(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    async with Sandbox(limit=None) as elsewhere, new_client(elsewhere) as stranger:
        await shop.drain()
        with pytest.raises(ConfigurationError, match=rf"drained to {shop.sandbox.url}, .* go to {elsewhere.url}"):
            await shop.drain(stranger)

    await shop.drain()

    assert ((await shop.get(intent_id)).state, elsewhere.requests) == (State.DONE, ())


async def test_a_drain_that_found_nothing_to_do_leaves_the_outbox_free(shop: Shop) -> None:
    async with Sandbox(limit=None) as elsewhere, new_client(elsewhere) as stranger:
        await shop.drain(stranger)
    intent_id = await shop.capture(shop.order())

    await shop.drain()

    assert (await shop.get(intent_id)).state is State.DONE


async def test_a_drain_to_another_host_fails_before_it_looks_for_work(shop: Shop) -> None:
    await shop.capture(shop.order())
    await shop.drain()

    async with Sandbox(limit=None) as elsewhere, new_client(elsewhere) as stranger:
        with pytest.raises(ConfigurationError, match="was drained to"):
            await shop.drain(stranger)


async def test_who_waits_for_a_result_gets_what_ended_the_drain(shop: Shop) -> None:
    await shop.capture(shop.order())
    await shop.drain()
    intent_id = await shop.capture(shop.order())
    outbox = shop.outbox()

    async with Sandbox(limit=None) as elsewhere, new_client(elsewhere) as stranger, asyncio.timeout(10):
        with pytest.raises(ConfigurationError, match="was drained to"):
            async with outbox.draining(stranger):
                await outbox.result(intent_id)

    async with outbox.draining(shop.klarna):
        assert (await outbox.result(intent_id)).state is State.DONE


@pytest.mark.parametrize("intent_id", ["garbage", "", 7])
async def test_what_is_no_id_is_the_id_of_no_intent(shop: Shop, intent_id: Any) -> None:
    with pytest.raises(IntentNotFound, match="there is no intent"):
        await shop.get(intent_id)
    with pytest.raises(IntentNotFound, match="there is no intent"):
        await shop.outbox().result(intent_id)


async def test_intents_of_other_orders_do_not_wait(shop: Shop) -> None:
    slow, fast = shop.order(), shop.order()
    first, second = await shop.capture(slow), await shop.capture(fast)
    shop.sandbox.fail_next(1, fault="hang", order_id=slow)
    outbox = shop.outbox(grace=0.01)

    async with asyncio.timeout(10), outbox.draining(shop.klarna):
        await outbox.result(second)

    assert (await shop.get(first)).state is State.PENDING


async def test_a_capture_whose_answer_was_lost_is_found_and_not_repeated(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.capture(order)
    lose_answers(shop, "captures.create")
    shop.sandbox.fail_next(2, status=503, operation="captures.list")

    await shop.drain()
    shop.sandbox.clock.advance(seconds=6)
    await shop.drain()
    shop.sandbox.clock.advance(minutes=6)
    await shop.drain()

    assert (await shop.get(intent_id)).result_id == shop.sandbox.get(order).captures[0].capture_id
    assert shop.effects(order) == 1


async def test_failed_calls_wait_as_klarna_asks_and_then_a_person_is_told(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order = shop.order()
    intent_id = await shop.add(lambda o, c: o.extend_authorization_time(c, order, reference="e-1"))
    shop.sandbox.fail_next(4, status=500)

    for tier in TIERS:
        now = shop.sandbox.clock.now
        await shop.drain()
        intent = await shop.get(intent_id)
        assert intent.state is State.UNKNOWN
        assert timedelta() <= intent.due - now - tier < timedelta(seconds=5)
        shop.sandbox.clock.advance(seconds=tier.total_seconds() - 6)
        await shop.drain()
        assert (await shop.get(intent_id)).failed_calls == intent.failed_calls
        shop.sandbox.clock.advance(seconds=7)
    await shop.drain()

    intent = await shop.get(intent_id)
    assert (intent.state, intent.attempts, intent.status) == (State.ESCALATED, 4, 500)
    assert f"Klarna-Idempotency-Key: {intent.idempotency_key}" in intent.support_text
    assert f"Order: {order}" in intent.support_text
    assert len(intent.correlation_ids.split()) == 4
    assert all(correlation_id in intent.support_text for correlation_id in intent.correlation_ids.split())
    assert "is escalated" in caplog.text
    assert len(set(shop.sandbox.keys_seen)) == 1


async def test_support_is_not_told_of_a_call_that_was_never_made(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    shop.sandbox.fail_next(20, status=503, operation="captures.list")
    for tier in [*TIERS, timedelta()]:
        await shop.drain()
        shop.sandbox.clock.advance(seconds=tier.total_seconds() + 1)

    intent = await shop.get(intent_id)

    assert intent.state is State.ESCALATED
    assert intent.support_text.startswith("The order cannot be read, so a call was not made.")
    assert intent.idempotency_key not in intent.support_text


async def test_an_escalated_intent_holds_back_its_order_until_a_person_decides(shop: Shop) -> None:
    order = shop.order()
    first = await shop.add(lambda o, c: o.extend_authorization_time(c, order, reference="e-1"))
    second = await shop.capture(order)
    shop.sandbox.fail_next(4, status=500)
    for _ in range(4):
        await shop.drain()
        shop.sandbox.clock.advance(hours=5, seconds=1)
    await shop.drain()
    assert await shop.states() == ["escalated", "pending"]

    async with shop.connect() as connection:
        await shop.outbox().settle(connection, first, happened=True, detail="seen in the portal")
    await shop.drain()

    assert await shop.states() == ["done", "done"]
    assert (await shop.get(first)).detail == "settled by a person: seen in the portal"
    assert (await shop.get(second)).result_id


async def test_a_person_can_let_an_escalated_intent_go_on_under_its_key(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.add(lambda o, c: o.extend_authorization_time(c, order, reference="e-1"))
    shop.sandbox.fail_next(4, fault="error-after")
    for _ in range(4):
        await shop.drain()
        shop.sandbox.clock.advance(hours=5, seconds=1)
    assert await shop.states() == ["escalated"]

    async with shop.connect() as connection:
        await shop.outbox().retry(connection, intent_id)
    await shop.drain()

    assert (await shop.get(intent_id)).state is State.DONE
    assert (len(set(shop.sandbox.keys_seen)), shop.sandbox.effects()) == (1, 1)


async def test_a_refusal_is_final_and_does_not_hold_back_the_order(shop: Shop) -> None:
    order = shop.order(1000)
    refused, capture = await shop.capture(order, 1001, "s-1"), await shop.capture(order, 100, "s-2")

    await shop.drain()
    shop.sandbox.clock.advance(hours=30)
    await shop.drain()

    intent = await shop.get(refused)
    assert (intent.state, intent.status, intent.error_code) == (State.REFUSED, 403, "CAPTURE_NOT_ALLOWED")
    assert intent.correlation_id
    assert "raise the authorization" in (intent.detail or "")
    assert (await shop.get(capture)).state is State.DONE


async def test_a_refused_intent_is_retried_under_a_new_key(shop: Shop) -> None:
    order = shop.order(1000)
    intent_id = await shop.add(lambda o, c: o.release_remaining_authorization(c, order))
    await shop.drain()
    assert (await shop.get(intent_id)).state is State.REFUSED
    await shop.capture(order, 300)
    await shop.drain()

    async with shop.connect() as connection:
        retried = await shop.outbox().retry(connection, intent_id)
    await shop.drain()

    assert (retried.state, retried.generation, retried.first_tried) == (State.PENDING, 1, None)
    assert (await shop.get(intent_id)).state is State.DONE
    assert shop.sandbox.get(order).remaining_authorized_amount == 0


async def test_a_refused_capture_is_retried_once_the_obstacle_is_gone(shop: Shop) -> None:
    order = shop.order(1000)
    intent_id = await shop.capture(order, 1500)
    await shop.drain()
    await authorize(shop.klarna, order, 2000)

    async with shop.connect() as connection:
        await shop.outbox().retry(connection, intent_id)
    await shop.drain()

    assert ((await shop.get(intent_id)).state, shop.effects(order)) == (State.DONE, 1)


async def test_what_is_done_is_neither_retried_nor_settled(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    await shop.drain()

    async with shop.connect() as connection:
        with pytest.raises(ValueError, match="is done"):
            await shop.outbox().retry(connection, intent_id)
        with pytest.raises(ValueError, match="is not escalated: its state is done"):
            await shop.outbox().settle(connection, intent_id, happened=False)


async def test_a_retry_of_what_waits_makes_it_due_now(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    shop.sandbox.fail_next(1, status=503)
    await shop.drain()

    async with shop.connect() as connection:
        await shop.outbox().retry(connection, intent_id)
    await shop.drain()

    assert (await shop.get(intent_id)).state is State.DONE


async def test_an_order_that_klarna_does_not_know_is_refused_after_5_minutes(shop: Shop) -> None:
    intent_id = await shop.capture("00000000-0000-4000-8000-000000000000")

    await shop.drain()
    assert (await shop.get(intent_id)).state is State.PENDING  # it may be too new to be known everywhere
    for seconds in (5, 300):
        shop.sandbox.clock.advance(seconds=seconds)
        await shop.drain()

    intent = await shop.get(intent_id)
    assert (intent.state, intent.status, intent.error_code) == (State.REFUSED, 404, "NO_SUCH_ORDER")


@pytest.mark.parametrize("operation", ["orders.acknowledge", "captures.create"])
async def test_an_order_that_appears_later_is_called_again_under_a_new_key(shop: Shop, operation: str) -> None:
    order = shop.sandbox.order(order_amount=1000, appears_after=4).order_id or ""
    if operation == "captures.create":
        intent_id = await shop.capture(order)
    else:
        intent_id = await shop.add(lambda outbox, connection: outbox.acknowledge(connection, order))

    await shop.drain()
    shop.sandbox.clock.advance(seconds=5)
    await shop.drain()

    intent = await shop.get(intent_id)
    assert (intent.state, intent.generation, shop.effects(order, operation)) == (State.DONE, 1, 1)


async def test_a_refused_intent_that_is_added_again_is_called_again(shop: Shop) -> None:
    order = shop.order(1000)
    intent_id = await shop.capture(order, 1500)
    await shop.drain()
    await authorize(shop.klarna, order, 2000)

    assert await shop.capture(order, 1500) == intent_id
    await shop.drain()

    assert ((await shop.get(intent_id)).state, shop.effects(order)) == (State.DONE, 1)


async def test_intents_are_listed_by_an_order_in_any_spelling(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.capture(order)

    async with shop.connect() as connection:
        found: list[Any] = [
            await shop.outbox().intents(connection, order_id=spelling) for spelling in (order.upper(), UUID(order))
        ]

    assert [[intent.id for intent in intents] for intents in found] == [[intent_id], [intent_id]]


async def test_a_cancellation_passes_through_the_end_of_a_drain(shop: Shop) -> None:
    reached: list[str] = []

    async def serve() -> None:
        async with shop.outbox().draining(shop.klarna):
            await asyncio.sleep(0.05)
            task.cancel()
        reached.append("after the block")

    task = asyncio.ensure_future(serve())
    await asyncio.wait([task])

    assert (task.cancelled(), reached) == (True, [])


async def test_without_a_connection_nothing_counts_as_tried(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    other = await shop.add(lambda o, c: o.cancel(c, shop.order()))
    async with KlarnaClient("http://127.0.0.1:9", username="u", password="p", pace="off", retry=Retry.off()) as nowhere:
        for _ in range(6):
            await shop.drain(nowhere)
            shop.sandbox.clock.advance(seconds=6)

    for each in (intent_id, other):
        intent = await shop.get(each)
        assert (intent.state, intent.failed_calls, intent.first_tried) == (State.PENDING, 0, None)
    with pytest.raises(ConfigurationError) as refused:
        await shop.drain()
    await shop.execute(str(refused.value).split("`")[1])
    await shop.drain()
    assert await shop.states() == ["done", "done"]


@pytest.mark.parametrize("operation", ["captures.create", "orders.cancel"])
async def test_wrong_credentials_cost_no_intent(shop: Shop, operation: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(12):
        order = shop.order()
        if operation == "captures.create":
            await shop.capture(order)
        else:
            await shop.add(lambda o, c, order=order: o.cancel(c, order))  # type: ignore[misc]
    async with KlarnaClient(shop.sandbox.url, username="sandbox", password="wrong", pace="off") as stranger:
        outbox = shop.outbox(concurrency=1)
        with caplog.at_level(logging.ERROR, "klarna_om.outbox"):
            async with outbox.draining(stranger):
                while "one call at a time" not in caplog.text:
                    await asyncio.sleep(0.01)

    assert set(await shop.states()) == {"pending"}
    assert "401" in caplog.text
    shop.sandbox.clock.advance(seconds=6)
    await shop.drain()
    assert set(await shop.states()) == {"done"}


async def test_when_klarna_answers_again_the_drain_goes_on(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    ids = [await shop.capture(shop.order()) for _ in range(12)]
    shop.sandbox.fail_next(10, status=503)
    outbox = shop.outbox(concurrency=2)

    with caplog.at_level(logging.INFO, "klarna_om.outbox"):
        async with outbox.draining(shop.klarna):
            await outbox.result(ids[-1])

    assert "one call at a time" in caplog.text
    assert "Klarna answers" in caplog.text


async def test_answers_that_are_not_klarnas_settle_nothing_and_escalate_nothing(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.add(lambda o, c: o.cancel(c, order))
    shop.sandbox.fail_next(20, fault="html-200")
    for _ in range(6):
        await shop.drain()
        shop.sandbox.clock.advance(seconds=6)

    intent = await shop.get(intent_id)
    assert (intent.state, intent.failed_calls) == (State.UNKNOWN, 0)
    shop.sandbox.clear_failures()
    await shop.drain()
    assert (await shop.get(intent_id)).state is State.DONE
    assert shop.effects(order, "orders.cancel") == 1


async def test_a_closed_client_ends_the_drain_and_costs_nothing(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    client = new_client(shop.sandbox)
    await client.aclose()

    with pytest.raises(ClientClosed):
        await shop.drain(client)

    intent = await shop.get(intent_id)
    assert (intent.state, intent.first_tried) == (State.PENDING, None)


async def test_an_exception_of_the_callers_middleware_is_taken_as_unknown(shop: Shop) -> None:
    async def broken(request: Request, below: Handler) -> Response:
        raise ZeroDivisionError("a bug")

    intent_id = await shop.capture(shop.order())
    async with new_client(shop.sandbox, broken) as client:
        for _ in range(4):
            await shop.drain(client)
            assert "a bug" in ((await shop.get(intent_id)).detail or "")
            shop.sandbox.clock.advance(hours=5, seconds=1)

    assert await shop.states() == ["escalated"]


async def test_what_can_never_be_sent_as_it_is_is_refused(shop: Shop) -> None:
    update = UpdateAuthorization(order_amount=900)  # without lines: advice at Klarna, refused by "strict"
    intent_id = await shop.add(lambda o, c: o.update_authorization(c, shop.order(), update, reference="u-1"))

    await shop.drain(shop.klarna.with_options(validate="strict"))

    intent = await shop.get(intent_id)
    assert (intent.state, intent.attempts) == (State.REFUSED, 0)
    assert "order_lines" in (intent.detail or "")


async def test_what_may_have_been_sent_and_cannot_be_sent_again_is_for_a_person(shop: Shop) -> None:
    update = UpdateAuthorization(order_amount=900)
    intent_id = await shop.add(lambda o, c: o.update_authorization(c, shop.order(), update, reference="u-1"))
    shop.sandbox.fail_next(1, fault="reset-after")
    await shop.drain()
    shop.sandbox.clock.advance(seconds=6)

    await shop.drain(shop.klarna.with_options(validate="strict"))

    assert (await shop.get(intent_id)).state is State.ESCALATED


async def test_a_403_after_a_lost_answer_is_for_a_person_and_no_refusal(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.add(lambda o, c: o.extend_authorization_time(c, order, reference="e-1"))
    shop.sandbox.fail_next(1, status=503)
    await shop.drain()
    await shop.klarna.orders.cancel(order)
    shop.sandbox.clock.advance(seconds=6)

    await shop.drain()

    intent = await shop.get(intent_id)
    assert (intent.state, intent.status, intent.error_code) == (State.ESCALATED, 403, "NOT_ALLOWED")


async def test_a_403_after_a_lost_answer_is_a_refusal_when_the_order_was_read(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.capture(order)
    shop.sandbox.fail_next(1, status=503, operation="captures.create")
    await shop.drain()
    await shop.klarna.orders.cancel(order)
    shop.sandbox.clock.advance(seconds=6)

    await shop.drain()

    intent = await shop.get(intent_id)
    assert (intent.state, intent.status) == (State.REFUSED, 403)


async def test_the_result_of_an_intent_can_be_waited_for(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    outbox = shop.outbox()
    waiting = asyncio.create_task(outbox.result(intent_id))
    await asyncio.sleep(0.05)
    assert not waiting.done()

    async with outbox.draining(shop.klarna):
        intent = await waiting

    assert intent.state is State.DONE


async def test_calls_under_way_have_the_grace_time(shop: Shop) -> None:
    intent_id = await shop.capture(shop.order())
    shop.sandbox.fail_next(1, fault="slow", seconds=0.2, operation="captures.create")

    async with shop.outbox(grace=5.0).draining(shop.klarna):
        while not shop.sandbox.request_count:
            await asyncio.sleep(0.005)

    assert (await shop.get(intent_id)).state is State.DONE


async def test_after_the_grace_time_the_lease_is_given_back(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.capture(order)
    is_sent = asyncio.Event()

    async def note(_: Request) -> None:
        is_sent.set()

    shop.sandbox.fail_next(1, fault="hang-after", operation="captures.create")
    async with new_client(shop.sandbox, BeforeWrite(note)) as client, shop.outbox(grace=0.1).draining(client):
        await is_sent.wait()

    intent = await shop.get(intent_id)
    assert (intent.state, intent.lease_until) == (State.PENDING, None)
    assert intent.first_tried is not None
    await shop.drain()
    assert ((await shop.get(intent_id)).state, shop.effects(order)) == (State.DONE, 1)


async def test_lag_and_counts_are_known(shop: Shop) -> None:
    order = shop.order()
    await shop.capture(order, 100, "s-1")
    await shop.capture(order, 100, "s-2")
    shop.sandbox.clock.advance(seconds=60)

    async with shop.connect() as connection:
        before = await shop.outbox().snapshot(connection)
    await shop.drain()
    async with shop.connect() as connection:
        after = await shop.outbox().snapshot(connection)

    assert timedelta(seconds=60) <= before.lag < timedelta(seconds=65)
    assert (before.due, before.counts[State.PENDING]) == (1, 2)
    assert (after.lag, after.due, after.counts[State.DONE]) == (timedelta(), 0, 2)


async def test_intents_are_listed_by_state_and_order(shop: Shop) -> None:
    orders = [shop.order(), shop.order()]
    for order in orders:
        await shop.capture(order, 2000)
        await shop.capture(order, 100, "s-2")
    await shop.drain()

    async with shop.connect() as connection:
        refused: Any = await shop.outbox().intents(connection, state="refused", order_id=orders[0])
        some = await shop.outbox().intents(connection, limit=3)

    assert [(intent.order_id, intent.reference) for intent in refused] == [(orders[0], "s-1")]
    assert len(some) == 3

"""After a definite refusal the next key may be used; there is never a second effect."""

import asyncio

import pytest

from klarna_om import (
    CaptureObject,
    KlarnaClient,
    NotAllowed,
    Outcome,
    RefundObject,
    Request,
    Retry,
    ServerError,
    UnrecognizedAnswer,
    derive_key,
)
from klarna_om.sandbox import Sandbox
from klarna_om.workflows.make_once import MAX_KEYS
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire, json_answer
from tests.workflows.calls import (
    BeforeSecondRead,
    BeforeWrite,
    Once,
    authorize,
    both,
    capture,
    new_client,
    operations,
    refund,
)

stores = pytest.mark.parametrize("store_refusals", [True, False], ids=["stored", "not-stored"])


async def remove_obstacle(klarna: KlarnaClient, order_id: str) -> None:
    """Make 900 possible: authorize more than 900, and capture more."""
    await authorize(klarna, order_id, 3000)
    await klarna.captures.create(order_id, CaptureObject(captured_amount=600, reference="something else"))


async def send(operation: str, klarna: KlarnaClient, order_id: str, generation: int) -> None:
    key = derive_key(operation, order_id, "s-1", generation=generation)
    if operation == "captures.create":
        content = CaptureObject(captured_amount=900, reference="s-1")
        await klarna.captures.create(order_id, content, idempotency_key=key)
    else:
        await klarna.refunds.create(order_id, RefundObject(refunded_amount=900, reference="s-1"), idempotency_key=key)


def created_amounts(sandbox: Sandbox, order_id: str, operation: str) -> list[int | None]:
    """The amounts that were created under the reference."""
    order = sandbox.get(order_id)
    if operation == "captures.create":
        return [each.captured_amount for each in order.captures if each.reference == "s-1"]
    return [each.refunded_amount for each in order.refunds if each.reference == "s-1"]


@both
@stores
async def test_the_same_call_succeeds_once_the_obstacle_is_gone(
    once: Once, operation: str, store_refusals: bool
) -> None:
    async with Sandbox(limit=None, store_refusals=store_refusals) as sandbox, new_client(sandbox) as klarna:
        order_id = sandbox.order(order_amount=1000, captured_amount=500).order_id or ""
        with pytest.raises(NotAllowed):
            await once(klarna, order_id, 900)
        await remove_obstacle(klarna, order_id)

        first = await once(klarna, order_id, 900)
        again = await once(klarna, order_id, 900)

        assert (first == again, created_amounts(sandbox, order_id, operation)) == (True, [900])


@both
@stores
async def test_two_processes_that_continue_at_once_have_one_effect(
    once: Once, operation: str, store_refusals: bool
) -> None:
    async with Sandbox(limit=None, store_refusals=store_refusals) as sandbox:
        order_id = sandbox.order(order_amount=1000, captured_amount=500).order_id or ""
        async with new_client(sandbox) as one, new_client(sandbox) as two, new_client(sandbox) as three:
            with pytest.raises(NotAllowed):
                await once(one, order_id, 900)
            await remove_obstacle(one, order_id)

            ids = await asyncio.gather(*(once(klarna, order_id, 900) for klarna in (one, two, three)))

        assert (len(set(ids)), created_amounts(sandbox, order_id, operation)) == (1, [900])


@both
@pytest.mark.parametrize(("store_refusals", "keys"), [(True, 2), (False, 1)], ids=["stored", "not-stored"])
async def test_the_first_key_is_tried_twice(once: Once, operation: str, store_refusals: bool, keys: int) -> None:
    async with Sandbox(limit=None, store_refusals=store_refusals) as sandbox, new_client(sandbox) as other:
        order_id = sandbox.order(order_amount=1000, captured_amount=500).order_id or ""
        between = BeforeSecondRead(lambda: remove_obstacle(other, order_id))
        async with new_client(sandbox, between) as klarna:
            await once(klarna, order_id, 900)

        derived = {derive_key(operation, order_id, "s-1", generation=each) for each in range(MAX_KEYS)}
        assert (len(derived & set(sandbox.keys_seen)), created_amounts(sandbox, order_id, operation)) == (keys, [900])


@both
@pytest.mark.parametrize("refused", [2, MAX_KEYS - 1])
async def test_as_many_generations_are_skipped_as_were_refused(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str, refused: int
) -> None:
    for generation in range(refused):
        with pytest.raises(NotAllowed):
            await send(operation, klarna, order_id, generation)
    await remove_obstacle(klarna, order_id)

    await once(klarna, order_id, 900)

    assert created_amounts(sandbox, order_id, operation) == [900]


@both
async def test_after_the_last_key_the_advice_names_the_next_generation(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    sandbox.fail_next(MAX_KEYS + 1, status=403, operation=operation)

    with pytest.raises(NotAllowed) as caught:
        await once(klarna, order_id)
    await once(klarna, order_id, generation=MAX_KEYS)

    assert f"call with generation={MAX_KEYS}" in caught.value.explain()
    assert (caught.value.outcome, sandbox.effects(order_id, operation)) == (Outcome.REFUSED, 1)


@both
async def test_while_an_obstacle_lasts_no_further_key_is_used(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    with pytest.raises(NotAllowed) as caught:
        await once(klarna, order_id, 900)

    assert (caught.value.outcome, caught.value.operation) == (Outcome.REFUSED, operation)
    assert "500 can still be" in caught.value.explain()
    assert (len(sandbox.keys_seen), operations(sandbox)[-1]) == (1, "orders.get")


@stores
async def test_after_the_fraud_review_the_same_call_captures(store_refusals: bool) -> None:
    async with Sandbox(limit=None, store_refusals=store_refusals) as sandbox, new_client(sandbox) as klarna:
        order_id = sandbox.order(order_amount=1000, fraud_status="PENDING").order_id or ""
        with pytest.raises(NotAllowed) as caught:
            await capture(klarna, order_id)
        sandbox.set_fraud_status(order_id, "ACCEPTED")

        await capture(klarna, order_id)

        assert "when its fraud_status is ACCEPTED" in caught.value.explain()
        assert sandbox.effects(order_id) == 1


@both
async def test_an_order_that_was_not_visible_yet_is_captured_later(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    sandbox.fail_next(2, status=404, operation=operation)

    await once(klarna, order_id)

    assert (sandbox.effects(order_id, operation), len(set(sandbox.keys_seen))) == (1, 2)


@both
async def test_a_refusal_after_a_finished_equal_call_is_a_success(
    sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    async with new_client(sandbox) as other:

        async def capture_under_the_next_key(_: Request) -> None:
            await once(other, order_id, 500, generation=1)

        async with new_client(sandbox, BeforeWrite(capture_under_the_next_key)) as klarna:
            entry_id = await once(klarna, order_id, 500)

    assert entry_id
    assert sandbox.effects(order_id, operation) == 1


@both
async def test_a_key_in_doubt_leads_to_no_other_key(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    sandbox.fail_next(status=403, operation=operation)
    sandbox.fail_next(status=503, operation=operation)

    with pytest.raises(ServerError) as caught:
        await once(klarna, order_id)

    assert (caught.value.outcome, len(set(sandbox.keys_seen))) == (Outcome.UNKNOWN, 1)


@pytest.mark.parametrize("status", [403, 404])
async def test_a_refusal_that_is_not_klarnas_leads_to_no_other_key(
    make_client: MakeClient, server: Wire, status: int
) -> None:
    order = {"order_id": ORDER_ID, "remaining_authorized_amount": 1000, "captured_amount": 0}
    server.will(json_answer([]), Answer(status, {}, b"<html>Forbidden</html>", is_signed=False))
    server.otherwise = json_answer(order)

    with pytest.raises(UnrecognizedAnswer):
        await capture(make_client(retry=Retry.off()), ORDER_ID)

    assert len({seen.key for seen in server.requests if seen.key}) == 1


async def test_a_refusal_without_klarnas_code_leads_to_no_other_key(make_client: MakeClient, server: Wire) -> None:
    order = {"order_id": ORDER_ID, "remaining_authorized_amount": 1000, "captured_amount": 0}
    server.will(json_answer([]), Answer(403))
    server.otherwise = json_answer(order)

    with pytest.raises(NotAllowed):
        await capture(make_client(), ORDER_ID)

    assert len({seen.key for seen in server.requests if seen.key}) == 1


async def test_a_refund_waits_for_a_capture(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000).order_id or ""
    with pytest.raises(NotAllowed) as caught:
        await refund(klarna, order_id)
    await capture(klarna, order_id, 100, "s-2")

    await refund(klarna, order_id)

    assert "0 can still be refunded, not 100; capture first" in caught.value.explain()
    assert sandbox.effects(order_id, "refunds.create") == 1

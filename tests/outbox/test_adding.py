"""What is committed is done once; what is rolled back never; and what is added is checked."""

import contextlib
from uuid import UUID, uuid4

import pytest
from psycopg_pool import AsyncConnectionPool

from klarna_om import (
    Address,
    CaptureObject,
    ExtendDueDateRequest,
    InvalidRequest,
    OrderLine,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
)
from klarna_om.outbox import IntentNotFound, Outbox, ReferenceInUse, State
from klarna_om.workflows.after_window import AFTER_WINDOW
from klarna_om.workflows.writes import WRITES
from tests.outbox.shop import RolledBack, Shop
from tests.support.calls import CAPTURE_ID, ORDER_ID, SHIPPING


async def test_a_committed_capture_is_made_once_and_its_result_is_known(shop: Shop) -> None:
    order = shop.order()
    intent_id = await shop.capture(order, 700, "shipment-7")

    await shop.drain()
    await shop.drain()

    intent = await shop.outbox().result(intent_id)
    assert (intent.state, intent.status, intent.error_code) == (State.DONE, 201, None)
    assert intent.result_id == shop.sandbox.get(order).captures[0].capture_id
    assert shop.effects(order) == 1


async def test_what_is_rolled_back_never_happens(shop: Shop) -> None:
    order = shop.order()
    with contextlib.suppress(RolledBack):
        async with shop.connect() as connection:
            capture = CaptureObject(captured_amount=700, reference="shipment-7")
            intent_id = await shop.outbox().capture(connection, order, capture)
            raise RolledBack

    await shop.drain()

    assert shop.effects(order) == 0
    with pytest.raises(IntentNotFound, match="rolled back"):
        await shop.outbox().result(intent_id)


async def test_nothing_happens_before_the_commit(shop: Shop) -> None:
    order = shop.order()
    async with shop.connect() as connection:
        await shop.outbox().acknowledge(connection, order)
        if isinstance(shop.database, AsyncConnectionPool):  # SQLite lets nobody else write meanwhile
            await shop.drain()
        before = shop.sandbox.request_count

    await shop.drain()

    assert before == 0
    assert shop.sandbox.is_acknowledged(order)


async def test_the_same_reference_and_body_is_the_same_intent(shop: Shop) -> None:
    order = shop.order()

    ids = {await shop.capture(order, 100, "s-1") for _ in range(3)}
    await shop.drain()
    ids.add(await shop.capture(order.upper(), 100, "s-1"))

    assert len(ids) == 1
    assert await shop.states() == ["done"]


async def test_two_equal_captures_under_two_references_are_two(shop: Shop) -> None:
    order = shop.order()
    await shop.capture(order, 100, "s-1")
    await shop.capture(order, 100, "s-2")

    await shop.drain()

    assert [capture.reference for capture in shop.sandbox.get(order).captures] == ["s-1", "s-2"]


async def test_the_same_reference_with_another_body_is_refused(shop: Shop) -> None:
    order = shop.order()
    await shop.capture(order, 100, "s-1")

    with pytest.raises(ReferenceInUse, match="'s-1' and another body") as caught:
        await shop.capture(order, 101, "s-1")

    assert (caught.value.operation, caught.value.order_id) == ("captures.create", order)
    assert await shop.states() == ["pending"]


async def test_the_same_reference_for_another_capture_is_refused(shop: Shop) -> None:
    await shop.add(lambda o, c: o.trigger_send_out(c, ORDER_ID, CAPTURE_ID, reference="mail-1"))

    with pytest.raises(ReferenceInUse):
        await shop.add(lambda o, c: o.trigger_send_out(c, ORDER_ID, ORDER_ID, reference="mail-1"))


async def test_each_write_of_the_catalogue_can_be_added(shop: Shop) -> None:
    lines = [OrderLine(name="Socks", quantity=1, unit_price=900, total_amount=900)]
    async with shop.connect() as connection:
        outbox = shop.outbox()
        added = [
            await outbox.acknowledge(connection, ORDER_ID),
            await outbox.update_authorization(
                connection, ORDER_ID, UpdateAuthorization(order_amount=900, order_lines=lines), reference="a"
            ),
            await outbox.cancel(connection, ORDER_ID),
            await outbox.update_customer_details(
                connection, ORDER_ID, UpdateConsumer(shipping_address=Address(city="Malmö")), reference="c"
            ),
            await outbox.extend_authorization_time(connection, ORDER_ID, reference="e"),
            await outbox.update_merchant_references(
                connection, ORDER_ID, UpdateMerchantReferences(merchant_reference1="A-17"), reference="m"
            ),
            await outbox.release_remaining_authorization(connection, ORDER_ID),
            await outbox.add_shipping_info(connection, ORDER_ID, SHIPPING, reference="i"),
            await outbox.capture(connection, ORDER_ID, CaptureObject(captured_amount=1, reference="s")),
            await outbox.add_capture_shipping_info(connection, ORDER_ID, CAPTURE_ID, SHIPPING, reference="i"),
            await outbox.trigger_send_out(connection, ORDER_ID, UUID(CAPTURE_ID), reference="t"),
            await outbox.extend_due_date(
                connection, ORDER_ID, CAPTURE_ID, ExtendDueDateRequest(number_of_days=14), reference="d"
            ),
            await outbox.refund(connection, ORDER_ID, RefundObject(refunded_amount=1, reference="r")),
        ]
        intents = await outbox.intents(connection)

    assert [intent.id for intent in intents] == added
    assert [intent.operation for intent in intents] == list(WRITES)
    assert set(AFTER_WINDOW) == set(WRITES)
    assert len({intent.idempotency_key for intent in intents}) == len(intents)
    assert intents[3].body == '{"shipping_address":{"city":"Malmö"}}'
    assert "Malmö" not in repr(intents)


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        (None, "reference: must be your own id"),
        ("", "reference: must be your own id"),
        (7, "reference: must be your own id"),
        (" s-1", "reference: must have no white space"),
        ("s" * 256, "reference: must have at most 255"),
        ("s\0", "reference: must have printable"),
        ("s\ud800", "reference: must have printable|cannot be written"),
    ],
)
async def test_a_reference_that_cannot_be_found_again_is_refused(shop: Shop, reference: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        await shop.add(lambda o, c: o.extend_authorization_time(c, ORDER_ID, reference=reference))

    assert await shop.states() == []


@pytest.mark.parametrize(
    ("order_id", "amount", "problem"),
    [("no-uuid", 1, "order_id"), (ORDER_ID, -1, "captured_amount"), ("", 1, "order_id"), (ORDER_ID, 10**9, "captured")],
)
async def test_what_klarna_is_sure_to_refuse_never_enters_the_table(
    shop: Shop, order_id: str, amount: int, problem: str
) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        await shop.capture(order_id, amount)

    assert await shop.states() == []


async def test_kustoms_rules_are_asked_for(shop: Shop) -> None:
    update = UpdateAuthorization(order_amount=900)
    async with shop.connect() as connection:
        with pytest.raises(InvalidRequest, match="order_lines"):
            await Outbox(kustom=True).update_authorization(connection, ORDER_ID, update, reference="u-1")


async def test_a_capture_id_has_the_shape_of_one(shop: Shop) -> None:
    with pytest.raises(InvalidRequest, match="capture_id"):
        await shop.add(lambda o, c: o.trigger_send_out(c, ORDER_ID, "a\0b", reference="t-1"))


async def test_texts_with_a_nul_are_kept_as_they_are(shop: Shop) -> None:
    update = UpdateMerchantReferences(merchant_reference1="A\0B")
    intent_id = await shop.add(lambda o, c: o.update_merchant_references(c, ORDER_ID, update, reference="m-1"))

    assert (await shop.get(intent_id)).body == '{"merchant_reference1":"A\\u0000B"}'


async def test_an_intent_that_was_never_added_is_not_found(shop: Shop) -> None:
    with pytest.raises(IntentNotFound):
        await shop.outbox().result(uuid4())

"""All that is left is captured once per reference, whatever happens in between."""

from typing import Any

import pytest

from klarna_om import (
    CaptureObject,
    IdempotencyKeyReused,
    InvalidRequest,
    KlarnaClient,
    KlarnaError,
    OrderLine,
    Outcome,
    ReferenceTaken,
    Request,
    ServerError,
    ShippingInfo,
    capture_once,
    capture_remaining,
)
from klarna_om.sandbox import Sandbox
from tests.workflows.calls import BeforeWrite, Kill, Killed, new_client, operations


def line(reference: str, quantity: int, price: int) -> OrderLine:
    total = quantity * price
    return OrderLine(
        reference=reference,
        name="x",
        quantity=quantity,
        unit_price=price,
        total_amount=total,
        tax_rate=2500,
        total_tax_amount=total // 5,
    )


SOCKS, SHIRT = line("socks", 4, 500), line("shirt", 1, 8000)


@pytest.fixture
def order_id(sandbox: Sandbox) -> str:
    """An order of four socks and a shirt."""
    return sandbox.order(order_lines=[SOCKS, SHIRT]).order_id or ""


async def capture(klarna: KlarnaClient, order_id: str, amount: int, *lines: OrderLine, reference: str = "s-1") -> str:
    content = CaptureObject(captured_amount=amount, reference=reference, order_lines=lines or None)
    return await capture_once(klarna, order_id, content)


async def test_everything_is_captured_with_the_orders_lines(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    parcel = ShippingInfo(tracking_number="1")

    capture_id = await capture_remaining(
        klarna, order_id, reference="rest", description="all of it", shipping_info=[parcel]
    )

    (made,) = sandbox.get(order_id).captures
    assert (made.capture_id, made.captured_amount, made.reference) == (capture_id, 10_000, "rest")
    assert (made.description, made.shipping_info) == ("all of it", (parcel,))
    assert [each.reference for each in made.order_lines] == ["socks", "shirt"]


async def test_after_a_parcel_the_rest_is_captured_with_its_lines(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    await capture(klarna, order_id, 1500, line("socks", 3, 500))

    await capture_remaining(klarna, order_id, reference="rest")

    rest = sandbox.get(order_id).captures[-1]
    assert rest.captured_amount == 8500
    assert [(each.reference, each.quantity, each.total_amount) for each in rest.order_lines] == [
        ("socks", 1, 500),
        ("shirt", 1, 8000),
    ]


async def test_after_a_capture_without_lines_the_rest_is_an_amount(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    await klarna.captures.create(order_id, CaptureObject(captured_amount=1500))  # as the portal makes it

    await capture_remaining(klarna, order_id, reference="rest")

    rest = sandbox.get(order_id).captures[-1]
    assert (rest.captured_amount, rest.order_lines) == (8500, ())


async def test_a_repeat_returns_the_capture_that_it_made(klarna: KlarnaClient, sandbox: Sandbox, order_id: str) -> None:
    first = await capture_remaining(klarna, order_id, reference="rest")
    again = await capture_remaining(klarna, order_id, reference="rest")

    assert (first == again, sandbox.effects(order_id, "captures.create")) == (True, 1)
    assert operations(sandbox)[-1] == "orders.get"


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_a_process_that_dies_at_any_request_captures_once(
    sandbox: Sandbox, order_id: str, number: int, is_sent: bool
) -> None:
    async with new_client(sandbox, Kill(number, is_sent)) as first:
        with pytest.raises(Killed):
            await capture_remaining(first, order_id, reference="rest")

    async with new_client(sandbox) as second:
        found = await capture_remaining(second, order_id, reference="rest")

    (made,) = sandbox.get(order_id).captures
    assert (made.capture_id, made.captured_amount) == (found, 10_000)


async def test_the_same_reference_finds_its_capture_when_the_rest_has_changed(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    first = await capture_remaining(klarna, order_id, reference="rest")
    sandbox.clock.advance(days=2)
    await klarna.orders.acknowledge(order_id)

    async with new_client(sandbox) as another:
        assert await capture_remaining(another, order_id, reference="rest") == first

    assert sandbox.effects(order_id, "captures.create") == 1


async def test_a_first_try_that_comes_through_in_between_is_found(sandbox: Sandbox, order_id: str) -> None:
    """Of 10,000; then a parcel was captured, and another process asks for the rest of 8,500 under the same key."""

    async def first_try(_: Request) -> None:
        async with new_client(sandbox) as other:
            await capture(other, order_id, 1500)
            await capture(other, order_id, 700, reference="rest")

    async with new_client(sandbox, BeforeWrite(first_try)) as klarna:
        found = await capture_remaining(klarna, order_id, reference="rest")

    captures = {each.capture_id: each.captured_amount for each in sandbox.get(order_id).captures}
    assert (captures[found], len(captures)) == (700, 2)


async def test_an_answer_for_another_reference_is_not_returned(sandbox: Sandbox, order_id: str) -> None:
    async def take_the_key(request: Request) -> None:
        async with new_client(sandbox) as other:
            content = CaptureObject(captured_amount=700, reference="another")
            await other.captures.create(order_id, content, idempotency_key=request.idempotency_key)

    async with new_client(sandbox, BeforeWrite(take_the_key)) as klarna:
        with pytest.raises(ReferenceTaken):
            await capture_remaining(klarna, order_id, reference="rest")


async def test_a_changed_rest_after_a_doubt_is_not_sent_under_the_same_key(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    sandbox.fail_next(status=503, operation="captures.create")
    with pytest.raises(ServerError) as doubt:
        await capture_remaining(klarna, order_id, reference="rest")
    async with new_client(sandbox) as portal:
        await capture(portal, order_id, 1500)

    with pytest.raises(IdempotencyKeyReused):
        await capture_remaining(klarna, order_id, reference="rest")

    assert doubt.value.outcome is Outcome.UNKNOWN
    assert sandbox.effects(order_id, "captures.create") == 1


async def test_nothing_left_is_none(klarna: KlarnaClient, sandbox: Sandbox, order_id: str) -> None:
    await capture(klarna, order_id, 10_000)

    assert await capture_remaining(klarna, order_id, reference="rest") is None
    assert sandbox.effects(order_id, "captures.create") == 1


async def test_a_released_rest_is_none(klarna: KlarnaClient, order_id: str) -> None:
    await capture(klarna, order_id, 1500)
    await klarna.orders.release_remaining_authorization(order_id)

    assert await capture_remaining(klarna, order_id, reference="rest") is None


@pytest.mark.parametrize(
    ("fields", "days", "reason"),
    [
        ({"status": "CANCELLED"}, 0, "the order is cancelled"),
        ({}, 30, "the authorization has expired"),
        ({"fraud_status": "PENDING"}, 0, "Klarna is reviewing the order"),
    ],
)
async def test_an_order_that_cannot_be_captured_is_no_success(
    klarna: KlarnaClient, sandbox: Sandbox, fields: dict[str, Any], days: int, reason: str
) -> None:
    order_id = sandbox.order(order_amount=1000, **fields).order_id or ""
    sandbox.clock.advance(days=days)

    with pytest.raises(InvalidRequest, match=reason) as caught:
        await capture_remaining(klarna, order_id, reference="rest")

    assert (caught.value.outcome, caught.value.operation, caught.value.order_id) == (
        Outcome.NOT_SENT,
        "captures.create",
        order_id,
    )
    assert sandbox.effects(order_id) == 0


async def test_when_the_first_read_fails_the_outcome_is_unknown(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    sandbox.fail_next(status=503)

    with pytest.raises(KlarnaError) as caught:
        await capture_remaining(klarna, order_id, reference="rest")

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_it_needs_a_reference(klarna: KlarnaClient, order_id: str) -> None:
    with pytest.raises(ValueError, match="reference must be set"):
        await capture_remaining(klarna, order_id, reference="")

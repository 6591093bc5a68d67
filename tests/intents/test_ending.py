"""After it, nothing more will be captured, whatever the order's state was."""

import pytest

from klarna_om import (
    CaptureObject,
    Ended,
    KlarnaClient,
    NotAllowed,
    NotFound,
    OrderStatus,
    ServerError,
    cancel_or_release,
)
from klarna_om.sandbox import Sandbox

CANCEL, RELEASE = "orders.cancel", "orders.release_remaining_authorization"


async def test_an_order_without_captures_is_cancelled(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""

    assert await cancel_or_release(klarna, order_id) is Ended.CANCELLED
    assert await cancel_or_release(klarna, order_id) is Ended.CANCELLED

    assert sandbox.get(order_id).status == OrderStatus.CANCELLED
    assert sandbox.effects(order_id, CANCEL) == 1


async def test_what_is_left_of_a_captured_order_is_released(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=30).order_id or ""

    assert await cancel_or_release(klarna, order_id) is Ended.RELEASED
    assert await cancel_or_release(klarna, order_id) is Ended.NOTHING_LEFT

    assert sandbox.get(order_id).remaining_authorized_amount == 0
    assert sandbox.effects(order_id, RELEASE) == 1


@pytest.mark.parametrize("status", ["CLOSED", "EXPIRED", "CAPTURED"])
async def test_an_order_that_has_ended_is_left_alone(klarna: KlarnaClient, sandbox: Sandbox, status: str) -> None:
    order_id = (
        sandbox.order(
            order_amount=100,
            captured_amount=100 if status == "CAPTURED" else 0,
            status=status if status == "CLOSED" else None,
        ).order_id
        or ""
    )
    if status == "EXPIRED":
        sandbox.clock.advance(days=60)

    assert await cancel_or_release(klarna, order_id) is Ended.NOTHING_LEFT
    assert sandbox.effects(order_id) == 0


@pytest.mark.parametrize(
    ("captured", "operation", "ended"), [(0, CANCEL, Ended.CANCELLED), (30, RELEASE, Ended.RELEASED)]
)
async def test_what_happened_in_silence_is_read_back(
    klarna: KlarnaClient, sandbox: Sandbox, captured: int, operation: str, ended: Ended
) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=captured).order_id or ""
    sandbox.fail_next(fault="reset-after", operation=operation)

    assert await cancel_or_release(klarna, order_id) is ended
    assert sandbox.effects(order_id, operation) == 1


async def test_what_did_not_happen_is_told(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    sandbox.fail_next(status=503, operation=CANCEL)

    with pytest.raises(ServerError):
        await cancel_or_release(klarna, order_id)


async def test_a_capture_that_comes_in_between_makes_it_a_release(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""

    class Interrupted(type(klarna.orders)):  # type: ignore[misc]
        async def cancel(self, order_id: str, **options: str) -> None:
            await klarna.captures.create(order_id, CaptureObject(captured_amount=30))
            await super().cancel(order_id, **options)

    klarna.orders = Interrupted(klarna._send)

    assert await cancel_or_release(klarna, order_id) is Ended.RELEASED
    assert sandbox.get(order_id).remaining_authorized_amount == 0


async def test_an_unknown_order_is_told(klarna: KlarnaClient) -> None:
    with pytest.raises(NotFound):
        await cancel_or_release(klarna, "00000000-0000-4000-8000-000000000000")


async def test_any_other_refusal_is_told(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    sandbox.fail_next(status=401, operation=CANCEL)

    with pytest.raises(Exception, match="401"):
        await cancel_or_release(klarna, order_id)

    sandbox.fail_next(status=403, operation=CANCEL)
    with pytest.raises(NotAllowed):
        await cancel_or_release(klarna, order_id)

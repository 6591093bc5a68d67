"""After `cancel_or_release` nothing more can be captured, in any state of the order."""

from uuid import UUID

import pytest

from klarna_om import (
    CaptureObject,
    EndResult,
    KlarnaClient,
    KlarnaError,
    NotAllowed,
    NotFound,
    OrderStatus,
    Outcome,
    ServerError,
    cancel_or_release,
)
from klarna_om.sandbox import Sandbox
from tests.workflows.calls import AfterWrite, BeforeWrite, new_client

CANCEL, RELEASE = "orders.cancel", "orders.release_remaining_authorization"


async def test_an_order_without_captures_is_cancelled(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""

    assert await cancel_or_release(klarna, order_id) is EndResult.CANCELLED
    assert await cancel_or_release(klarna, order_id) is EndResult.CANCELLED

    assert sandbox.get(order_id).status == OrderStatus.CANCELLED
    assert sandbox.effects(order_id, CANCEL) == 1


async def test_the_rest_of_a_captured_order_is_released(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=30).order_id or ""

    assert await cancel_or_release(klarna, order_id) is EndResult.RELEASED
    assert await cancel_or_release(klarna, order_id) is EndResult.NOTHING_LEFT

    assert sandbox.get(order_id).remaining_authorized_amount == 0
    assert sandbox.effects(order_id, RELEASE) == 1


@pytest.mark.parametrize("status", ["CLOSED", "EXPIRED", "CAPTURED"])
async def test_an_order_that_has_ended_is_not_changed(klarna: KlarnaClient, sandbox: Sandbox, status: str) -> None:
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

    assert await cancel_or_release(klarna, order_id) is EndResult.NOTHING_LEFT
    assert sandbox.effects(order_id) == 0


@pytest.mark.parametrize(
    ("captured", "operation", "result"), [(0, CANCEL, EndResult.CANCELLED), (30, RELEASE, EndResult.RELEASED)]
)
async def test_a_write_whose_answer_was_lost_is_read_back(
    klarna: KlarnaClient, sandbox: Sandbox, captured: int, operation: str, result: EndResult
) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=captured).order_id or ""
    sandbox.fail_next(fault="reset-after", operation=operation)

    assert await cancel_or_release(klarna, order_id) is result
    assert sandbox.effects(order_id, operation) == 1


async def test_a_lost_write_without_an_effect_is_an_error(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    sandbox.fail_next(status=503, operation=CANCEL)

    with pytest.raises(ServerError):
        await cancel_or_release(klarna, order_id)


async def test_after_a_capture_in_between_the_rest_is_released(sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    async with new_client(sandbox) as other:
        between = BeforeWrite(lambda _: other.captures.create(order_id, CaptureObject(captured_amount=30)))
        async with new_client(sandbox, between) as klarna:
            assert await cancel_or_release(klarna, order_id) is EndResult.RELEASED

    assert sandbox.get(order_id).remaining_authorized_amount == 0


async def test_after_a_capture_of_the_rest_in_between_nothing_is_left(sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=30).order_id or ""
    async with new_client(sandbox) as other:
        between = BeforeWrite(lambda _: other.captures.create(order_id, CaptureObject(captured_amount=70)))
        async with new_client(sandbox, between) as klarna:
            assert await cancel_or_release(klarna, order_id) is EndResult.NOTHING_LEFT


@pytest.mark.parametrize(("fault", "outcome"), [({"status": 503}, "unknown"), ({"status": 403}, "refused")])
@pytest.mark.parametrize(("captured", "operation"), [(0, CANCEL), (30, RELEASE)])
async def test_when_reading_back_fails_too_the_error_of_the_write_is_raised(
    sandbox: Sandbox, captured: int, operation: str, fault: dict[str, int], outcome: str
) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=captured).order_id or ""
    sandbox.fail_next(**fault, operation=operation)  # type: ignore[arg-type]

    async with new_client(sandbox, AfterWrite(lambda: sandbox.fail_next(status=404, operation="orders.get"))) as klarna:
        with pytest.raises(KlarnaError) as caught:
            await cancel_or_release(klarna, order_id)

    assert (caught.value.operation, caught.value.outcome) == (operation, outcome)
    assert isinstance(caught.value.__cause__, NotFound)


@pytest.mark.parametrize("status", [401, 403, 404, 503])
async def test_a_failed_first_read_shows_nothing_about_an_earlier_call(
    klarna: KlarnaClient, sandbox: Sandbox, status: int
) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    sandbox.fail_next(status=status, operation="orders.get")

    with pytest.raises(KlarnaError) as caught:
        await cancel_or_release(klarna, order_id)

    assert (caught.value.operation, caught.value.outcome) == ("orders.get", Outcome.UNKNOWN)


async def test_an_order_id_may_be_a_uuid(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""

    assert await cancel_or_release(klarna, UUID(order_id)) is EndResult.CANCELLED


async def test_an_unknown_order_is_an_error(klarna: KlarnaClient) -> None:
    with pytest.raises(NotFound):
        await cancel_or_release(klarna, "00000000-0000-4000-8000-000000000000")


async def test_any_other_refusal_is_raised(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    sandbox.fail_next(status=401, operation=CANCEL)

    with pytest.raises(Exception, match="401"):
        await cancel_or_release(klarna, order_id)

    sandbox.fail_next(status=403, operation=CANCEL)
    with pytest.raises(NotAllowed):
        await cancel_or_release(klarna, order_id)

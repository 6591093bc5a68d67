"""An authorization that would end soon is extended, or the caller learns that it is time to capture."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from klarna_om import ExtendResult, InitialPaymentMethod, KlarnaClient, ServerError, extend_in_time
from klarna_om.sandbox import Sandbox
from tests.workflows.calls import AfterWrite, BeforeWrite, new_client, operations

THREE_DAYS = timedelta(days=3)
EXTEND = "orders.extend_authorization_time"


def make(sandbox: Sandbox, days: int = 26, **fields: Any) -> str:
    """An order, that many days after it was made; it expires after 28."""
    order_id = sandbox.order(order_amount=1000, **fields).order_id or ""
    sandbox.clock.advance(days=days)
    return order_id


async def test_an_order_that_would_expire_soon_is_extended(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = make(sandbox)

    assert await extend_in_time(klarna, order_id, THREE_DAYS) is ExtendResult.EXTENDED

    expires_at = sandbox.get(order_id).expires_at
    assert expires_at is not None
    assert expires_at - sandbox.clock.now > timedelta(days=27)


async def test_calling_it_again_is_not_needed(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = make(sandbox)
    await extend_in_time(klarna, order_id, THREE_DAYS)

    assert await extend_in_time(klarna, order_id, THREE_DAYS) is ExtendResult.NOT_NEEDED
    assert sandbox.effects(order_id, EXTEND) == 1


@pytest.mark.parametrize(("days", "fields"), [(1, {}), (26, {"captured_amount": 1000}), (26, {"status": "CANCELLED"})])
async def test_an_order_with_nothing_to_lose_is_left_alone(
    klarna: KlarnaClient, sandbox: Sandbox, days: int, fields: dict[str, Any]
) -> None:
    order_id = make(sandbox, days, **fields)

    assert await extend_in_time(klarna, order_id, THREE_DAYS) is ExtendResult.NOT_NEEDED
    assert operations(sandbox) == ["orders.get"]


async def test_after_its_end_it_is_too_late(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    assert await extend_in_time(klarna, make(sandbox, days=29), THREE_DAYS) is ExtendResult.EXPIRED


async def test_what_is_paid_by_card_must_be_captured(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = make(sandbox, initial_payment_method=InitialPaymentMethod(type="PAY_BY_CARD"))

    assert await extend_in_time(klarna, order_id, THREE_DAYS) is ExtendResult.CAPTURE_NOW
    assert operations(sandbox) == ["orders.get"]


async def test_a_refusal_of_klarnas_means_capture_now(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = make(sandbox)
    sandbox.fail_next(status=403, operation=EXTEND)

    assert await extend_in_time(klarna, order_id, THREE_DAYS) is ExtendResult.CAPTURE_NOW


async def test_an_extension_that_is_too_short_means_capture_now(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = make(sandbox)

    assert await extend_in_time(klarna, order_id, timedelta(days=60)) is ExtendResult.CAPTURE_NOW


async def test_an_extension_whose_answer_was_lost_is_found(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = make(sandbox)
    sandbox.fail_next(fault="error-after", operation=EXTEND)

    assert await extend_in_time(klarna, order_id, THREE_DAYS) is ExtendResult.EXTENDED


async def test_one_that_did_not_happen_is_an_error(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(status=503, operation=EXTEND)

    with pytest.raises(ServerError):
        await extend_in_time(klarna, make(sandbox), THREE_DAYS)


@pytest.fixture
async def captured_in_between(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    async def cancel(request: Any) -> None:
        async with new_client(sandbox) as other:
            await other.orders.cancel(request.order_id)

    async with new_client(sandbox, BeforeWrite(cancel)) as client:
        yield client


async def test_an_order_that_was_ended_in_between_needs_nothing(
    captured_in_between: KlarnaClient, sandbox: Sandbox
) -> None:
    assert await extend_in_time(captured_in_between, make(sandbox), THREE_DAYS) is ExtendResult.NOT_NEEDED


async def test_an_order_that_expires_in_between_is_too_late(sandbox: Sandbox) -> None:
    sandbox.fail_next(status=403, operation=EXTEND)
    order_id = make(sandbox)

    async with new_client(sandbox, AfterWrite(lambda: sandbox.clock.advance(days=9))) as klarna:
        assert await extend_in_time(klarna, order_id, THREE_DAYS) is ExtendResult.EXPIRED

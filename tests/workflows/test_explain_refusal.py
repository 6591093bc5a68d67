"""Why a 403 came, in one read, and without personal data."""

from typing import Any

import pytest

from klarna_om import (
    CaptureObject,
    ConnectionLost,
    InvalidRequest,
    KlarnaClient,
    KlarnaError,
    NotAllowed,
    Order,
    RefundObject,
    ServerError,
    explain_refusal,
)
from klarna_om.sandbox import Sandbox
from klarna_om.workflows.explain_refusal import _explanation
from tests.workflows.calls import operations


async def refusal(call: Any) -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        await call
    return caught.value


async def test_it_names_the_reason_and_the_state_in_one_read(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000, captured_amount=700).order_id or ""
    error = await refusal(klarna.captures.create(order_id, CaptureObject(captured_amount=400)))

    found = await explain_refusal(klarna, error, amount=400)

    assert operations(sandbox)[-2:] == ["captures.create", "orders.get"]
    assert "300 can still be captured, not 400" in found.reasons[0]
    assert (found.status, found.fraud_status, found.remaining_authorized_amount) == ("PART_CAPTURED", "ACCEPTED", 300)
    assert (found.captured_amount, found.refunded_amount, found.order_amount) == (700, 0, 1000)
    assert not found.is_expired
    assert str(found).startswith("captures.create was refused (CAPTURE_NOT_ALLOWED): 300 can still be captured")
    assert "The order is PART_CAPTURED, fraud status ACCEPTED; captured 700 of 1000, refunded 0" in str(found)
    assert "authorized until 20" in str(found)


@pytest.mark.parametrize(
    ("fields", "days", "reason"),
    [
        ({"fraud_status": "PENDING"}, 0, "Klarna is reviewing the order"),
        ({"status": "CANCELLED"}, 0, "the order is cancelled"),
        ({}, 30, "the authorization has expired"),
    ],
)
async def test_the_reasons_of_a_capture(
    klarna: KlarnaClient, sandbox: Sandbox, fields: dict[str, Any], days: int, reason: str
) -> None:
    order_id = sandbox.order(order_amount=1000, **fields).order_id or ""
    sandbox.clock.advance(days=days)
    error = await refusal(klarna.captures.create(order_id, CaptureObject(captured_amount=400)))

    found = await explain_refusal(klarna, error)

    assert reason in str(found)
    assert found.is_expired is (days > 0)


async def test_a_refund_and_a_cancel_are_explained_too(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000, captured_amount=700).order_id or ""
    refund = await refusal(klarna.refunds.create(order_id, RefundObject(refunded_amount=701)))
    cancel = await refusal(klarna.orders.cancel(order_id))

    assert "700 can still be refunded, not 701" in str(await explain_refusal(klarna, refund, amount=701))
    assert "release the rest instead" in str(await explain_refusal(klarna, cancel))


async def test_where_the_order_shows_no_reason_it_says_so(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000, fraud_status="").order_id or ""
    sandbox.fail_next(status=403)
    error = await refusal(klarna.orders.acknowledge(order_id))

    found = await explain_refusal(klarna, error)

    assert found.reasons == ()
    assert "the order shows no reason now" in str(found)
    assert "fraud status" not in str(found)


async def test_without_the_amount_it_says_that_the_amount_is_missing(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000).order_id or ""
    error = await refusal(klarna.captures.create(order_id, CaptureObject(captured_amount=2000)))

    found = await explain_refusal(klarna, error)

    assert "or the amount was too much: pass amount= to compare it" in str(found)


async def test_no_name_and_no_address_is_shown(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order = sandbox.order(order_amount=1000, status="CANCELLED")
    error = await refusal(klarna.captures.create(order.order_id or "", CaptureObject(captured_amount=400)))

    shown = repr(await explain_refusal(klarna, error))

    assert order.billing_address is not None
    assert not any(word and word in shown for word in (order.billing_address.given_name, order.billing_address.email))


async def test_a_read_that_fails_has_the_refusal_as_its_cause(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order(order_amount=1000, status="CANCELLED").order_id or ""
    error = await refusal(klarna.captures.create(order_id, CaptureObject(captured_amount=400)))
    sandbox.fail_next(status=503)

    with pytest.raises(ServerError) as caught:
        await explain_refusal(klarna, error)

    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [ConnectionLost("lost"), InvalidRequest(("bad",))])
async def test_what_is_no_refusal_is_not_explained(klarna: KlarnaClient, error: KlarnaError) -> None:
    with pytest.raises(ValueError, match="answered with a 403"):
        await explain_refusal(klarna, error)


async def test_an_order_that_leaves_out_its_end_is_explained_all_the_same(
    klarna: KlarnaClient, sandbox: Sandbox
) -> None:
    order_id = sandbox.order(order_amount=1000, status="CANCELLED").order_id or ""
    error = await refusal(klarna.captures.create(order_id, CaptureObject(captured_amount=400)))

    found = _explanation(Order(status="CANCELLED"), error, None, sandbox.clock.now)

    assert (found.is_expired, "authorized until" in str(found)) == (False, False)

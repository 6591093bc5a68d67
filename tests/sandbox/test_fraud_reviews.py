"""A fraud review that begins and ends: what can be captured, and what the order shows."""

import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.account import CAPTURE_AFTER_REJECTION
from tests.sandbox.caller import Caller
from tests.sandbox.ledger_driver import LedgerDriver, refusal_of


def test_during_a_review_a_capture_is_refused(driver: LedgerDriver) -> None:
    driver.add_order(fraud_status="PENDING")

    result = driver.execute("captures.create", {"captured_amount": 1})

    assert refusal_of(result) == (403, "CAPTURE_NOT_ALLOWED", "Order is under fraud review. Capture not possible.")
    assert driver.order["fraud_status"] == "PENDING"


async def test_after_a_review_that_accepted_the_order_it_can_be_captured(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.set_fraud_status(caller.order_id, "PENDING")
    refused = await caller.capture(500)
    sandbox.set_fraud_status(caller.order_id, "ACCEPTED")
    captured = await caller.capture(500)

    assert (refused.status, refused.error_code, captured.status) == (403, "CAPTURE_NOT_ALLOWED", 201)
    assert sandbox.get(caller.order_id).fraud_status == "ACCEPTED"


async def test_a_stopped_order_cannot_be_captured(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.set_fraud_status(caller.order_id, "STOPPED")

    response = await caller.capture(500)

    assert (response.status, response.error_code) == (403, "CAPTURE_NOT_ALLOWED")


async def test_a_capture_within_four_hours_overrides_a_rejection(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.set_fraud_status(caller.order_id, "REJECTED")
    sandbox.clock.advance(seconds=CAPTURE_AFTER_REJECTION - 1)
    captured = await caller.capture(500)
    sandbox.clock.advance(days=1)
    later = await caller.capture(500)

    assert (captured.status, later.status) == (201, 201)
    assert sandbox.get(caller.order_id).status == "PART_CAPTURED"
    assert sandbox.get(caller.order_id).fraud_status == "REJECTED"


async def test_four_hours_after_a_rejection_klarna_cancels_the_order(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.set_fraud_status(caller.order_id, "REJECTED")
    before = sandbox.get(caller.order_id)
    sandbox.clock.advance(seconds=CAPTURE_AFTER_REJECTION)
    refused = await caller.capture(500)

    order = sandbox.get(caller.order_id)
    assert (before.status, order.status, order.remaining_authorized_amount) == ("AUTHORIZED", "CANCELLED", 0)
    assert (refused.status, refused.error_code) == (403, "CAPTURE_NOT_ALLOWED")
    assert sandbox.effects() == 0


def test_an_order_may_be_rejected_from_the_start(driver: LedgerDriver) -> None:
    driver.add_order(fraud_status="REJECTED")

    driver.clock.advance(seconds=CAPTURE_AFTER_REJECTION)

    assert driver.order["status"] == "CANCELLED"


async def test_an_accepted_order_can_be_cancelled(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.set_fraud_status(caller.order_id, "ACCEPTED")

    assert (await caller.call("POST", "/cancel")).status == 204


def test_an_unknown_fraud_status_is_refused_with_the_known_ones() -> None:
    sandbox = Sandbox()

    with pytest.raises(ValueError, match="'FINE': use one of ACCEPTED, PENDING, REJECTED, STOPPED"):
        sandbox.set_fraud_status(sandbox.order().order_id or "", "FINE")


def test_the_review_of_an_unknown_order_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Sandbox().set_fraud_status("7849fd84-47dc-4919-a7ce-47b9f461562f", "ACCEPTED")

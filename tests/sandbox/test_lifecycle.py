"""The lifecycle, row by row: an independent list of what is allowed in which state."""

from typing import Any

import pytest

from klarna_om.catalogue import CATALOGUE
from klarna_om.sandbox.lifecycle import LIFECYCLE, STATUSES
from tests.sandbox.ledger_driver import AMOUNT, UNKNOWN_ID, LedgerDriver, refusal_of

REFUSED_IN = {
    "orders.update_authorization": "CAPTURED CANCELLED EXPIRED CLOSED",
    "orders.cancel": "PART_CAPTURED CAPTURED CANCELLED EXPIRED CLOSED",
    "orders.update_customer_details": "CAPTURED CANCELLED EXPIRED CLOSED",
    "orders.extend_authorization_time": "CAPTURED CANCELLED EXPIRED CLOSED",
    "orders.update_merchant_references": "CANCELLED",
    "orders.release_remaining_authorization": "AUTHORIZED CAPTURED CANCELLED EXPIRED CLOSED",
    "captures.create": "CAPTURED CANCELLED EXPIRED CLOSED",
}
NEEDS_CAPTURE = {
    "captures.add_shipping_info",
    "captures.trigger_send_out",
    "captures.extend_due_date",
    "refunds.create",
}
READS_CAPTURE = {"captures.get", "captures.due_date_options"}
BODIES: dict[str, dict[str, Any]] = {
    "orders.update_authorization": {"order_amount": AMOUNT - 1},
    "orders.update_customer_details": {"shipping_address": {"city": "Malmö"}},
    "orders.update_merchant_references": {"merchant_reference1": "A-17"},
    "orders.add_shipping_info": {"shipping_info": [{"tracking_number": "1"}]},
    "captures.create": {"captured_amount": 100},
    "captures.add_shipping_info": {"shipping_info": [{"tracking_number": "1"}]},
    "captures.extend_due_date": {"number_of_days": 14},
    "refunds.create": {"refunded_amount": 100},
}
CAPTURED_FIRST = {"PART_CAPTURED": 6_000, "CAPTURED": AMOUNT}


def prepare_order(driver: LedgerDriver, status: str) -> dict[str, str]:
    """Bring the order into a state and return the ids of the path."""
    ids: dict[str, str] = {}
    account = driver.ledger.account(driver.order_id)
    if amount := CAPTURED_FIRST.get(status):
        ids["capture_id"] = driver.capture(amount)
        created = driver.refund(100).created
        assert created is not None
        ids["refund_id"] = created.id
    account.is_cancelled, account.is_closed = status == "CANCELLED", status == "CLOSED"
    if status == "EXPIRED":
        driver.clock.advance(days=29)
    assert driver.order["status"] == status
    return {"capture_id": UNKNOWN_ID, "refund_id": UNKNOWN_ID, **ids}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("operation", sorted(LIFECYCLE))
def test_an_operation_is_allowed_in_exactly_the_documented_states(
    driver: LedgerDriver, operation: str, status: str
) -> None:
    ids = prepare_order(driver, status)
    has_captures = status in CAPTURED_FIRST

    result = driver.execute(operation, BODIES.get(operation), **ids)

    if status in REFUSED_IN.get(operation, "").split():
        assert (result.status, result.error_code) == (403, LIFECYCLE[operation].error_code)
    elif operation in NEEDS_CAPTURE and not has_captures:
        assert result.status == 403
        assert result.error_messages[0].startswith("Order has no captures.")
    elif operation in READS_CAPTURE | {"refunds.get"} and not has_captures:
        assert result.status == 404
    else:
        assert result.status < 300


def test_the_table_has_a_row_for_every_operation() -> None:
    assert list(LIFECYCLE) == [row.name for row in CATALOGUE]


@pytest.mark.parametrize(
    ("operation", "status", "code", "message"),
    [
        ("orders.cancel", "CAPTURED", "CANCEL_NOT_ALLOWED", "Order is fully captured. Cancel not possible."),
        ("orders.cancel", "PART_CAPTURED", "CANCEL_NOT_ALLOWED", "Order has previous captures. Cancel not possible."),
        (
            "orders.release_remaining_authorization",
            "CAPTURED",
            "NOT_ALLOWED",
            "Order is fully captured. Remaining authorization cannot be released.",
        ),
        (
            "orders.extend_authorization_time",
            "EXPIRED",
            "NOT_ALLOWED",
            "Order is expired. Authorization time cannot be extended.",
        ),
    ],
)
def test_a_refusal_has_klarnas_wording(
    driver: LedgerDriver, operation: str, status: str, code: str, message: str
) -> None:
    prepare_order(driver, status)

    assert refusal_of(driver.execute(operation)) == (403, code, message)


@pytest.mark.parametrize("operation", sorted(LIFECYCLE))
def test_an_unknown_order_is_a_404_with_the_operations_code(driver: LedgerDriver, operation: str) -> None:
    code = "NOT_FOUND" if operation.startswith("refunds.") else "NO_SUCH_ORDER"

    result = driver.execute(operation, order_id=UNKNOWN_ID)

    assert (result.status, result.error_code) == (404, code)
    assert result.error_messages[0].startswith(f"Order {UNKNOWN_ID} cannot be found.")


@pytest.mark.parametrize(
    "order_id",
    [
        "1",
        "",
        "../../etc/passwd",
        "7849fd84-47dc-4919-a7ce-47b9f46156",
        "7849fd8447dc4919a7ce47b9f461562f",
        "{7849fd84-47dc-4919-a7ce-47b9f461562f}",
        "7849fd84-47dc-4919-a7ce-47b9f461562f\n",
    ],
)
def test_an_order_id_that_is_no_uuid_is_a_400(driver: LedgerDriver, order_id: str) -> None:
    result = driver.execute("orders.get", order_id=order_id)

    assert refusal_of(result) == (400, "INVALID_ORDER_ID", "Order ID must be a valid UUID.")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("captures.get", "NO_SUCH_ORDER"),
        ("captures.add_shipping_info", "NO_SUCH_ORDER"),
        ("captures.trigger_send_out", "NO_SUCH_CAPTURE"),
        ("captures.extend_due_date", "NO_SUCH_CAPTURE"),
        ("captures.due_date_options", "NO_SUCH_CAPTURE"),
        ("refunds.get", "NOT_FOUND"),
    ],
)
def test_an_unknown_capture_or_refund_is_a_404_with_the_operations_code(
    driver: LedgerDriver, operation: str, code: str
) -> None:
    driver.capture(100)
    driver.refund(50)

    result = driver.execute(operation, BODIES.get(operation), capture_id=UNKNOWN_ID, refund_id=UNKNOWN_ID)

    assert (result.status, result.error_code) == (404, code)

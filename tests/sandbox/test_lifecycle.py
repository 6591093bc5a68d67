"""The lifecycle, row by row: what is possible in which state, said here a second time and independently."""

from typing import Any

import pytest

from klarna_om.catalogue import CATALOGUE
from klarna_om.sandbox.lifecycle import LIFECYCLE, STATUSES
from tests.sandbox.books import AMOUNT, UNKNOWN, Books, refused

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


def order_in(books: Books, status: str) -> dict[str, str]:
    """Bring the order into a state; the ids of what that made."""
    ids: dict[str, str] = {}
    account = books.ledger.account(books.order_id)
    if amount := CAPTURED_FIRST.get(status):
        ids["capture_id"] = books.capture(amount)
        created = books.refund(100).created
        assert created is not None
        ids["refund_id"] = created.id
    account.cancelled, account.closed = status == "CANCELLED", status == "CLOSED"
    if status == "EXPIRED":
        books.clock.advance(days=29)
    assert books.order["status"] == status
    return {"capture_id": UNKNOWN, "refund_id": UNKNOWN, **ids}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("operation", sorted(LIFECYCLE))
def test_every_operation_is_possible_in_exactly_the_states_that_klarna_names(
    books: Books, operation: str, status: str
) -> None:
    ids = order_in(books, status)
    has_captures = status in CAPTURED_FIRST

    answer = books.do(operation, BODIES.get(operation), **ids)

    if status in REFUSED_IN.get(operation, "").split():
        assert (answer.status, answer.error_code) == (403, LIFECYCLE[operation].error_code)
    elif operation in NEEDS_CAPTURE and not has_captures:
        assert answer.status == 403
        assert answer.error_messages[0].startswith("Order has no captures.")
    elif operation in READS_CAPTURE | {"refunds.get"} and not has_captures:
        assert answer.status == 404
    else:
        assert answer.status < 300


def test_the_table_has_a_row_for_every_operation_of_the_catalogue() -> None:
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
def test_a_refusal_is_worded_as_klarna_words_it(
    books: Books, operation: str, status: str, code: str, message: str
) -> None:
    order_in(books, status)

    assert refused(books.do(operation)) == (403, code, message)


@pytest.mark.parametrize("operation", sorted(LIFECYCLE))
def test_an_unknown_order_is_a_404_with_the_code_that_the_operation_documents(books: Books, operation: str) -> None:
    code = "NOT_FOUND" if operation.startswith("refunds.") else "NO_SUCH_ORDER"

    answer = books.do(operation, order_id=UNKNOWN)

    assert (answer.status, answer.error_code) == (404, code)
    assert answer.error_messages[0].startswith(f"Order {UNKNOWN} cannot be found.")


@pytest.mark.parametrize("order_id", ["1", "", "7849fd84-47dc-4919-a7ce-47b9f46156", "../../etc/passwd"])
def test_an_order_id_that_is_no_uuid_is_a_400(books: Books, order_id: str) -> None:
    answer = books.do("orders.get", order_id=order_id)

    assert refused(answer) == (400, "INVALID_ORDER_ID", "Order ID must be a valid UUID.")


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
def test_an_unknown_capture_or_refund_is_a_404_with_the_code_that_the_operation_documents(
    books: Books, operation: str, code: str
) -> None:
    books.capture(100)
    books.refund(50)

    answer = books.do(operation, BODIES.get(operation), capture_id=UNKNOWN, refund_id=UNKNOWN)

    assert (answer.status, answer.error_code) == (404, code)

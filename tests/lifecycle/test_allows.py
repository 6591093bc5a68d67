"""What an order allows, with the reasons: as far as Klarna's rules are published and the order shows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from klarna_om.catalogue import CATALOGUE
from klarna_om.lifecycle import Decision, allows
from klarna_om.lifecycle.states import STATES
from klarna_om.types import Capture, InitialPaymentMethod, Order

NOW = datetime(2027, 1, 15, tzinfo=UTC)


def order(**fields: Any) -> Order:
    """An order of 1000 on an invoice in Sweden, of which a part may be captured."""
    captured = fields.pop("captured", 0)
    usual: dict[str, Any] = {
        "status": "PART_CAPTURED" if captured else "AUTHORIZED",
        "fraud_status": "ACCEPTED",
        "order_amount": 1000,
        "captured_amount": captured,
        "refunded_amount": 0,
        "remaining_authorized_amount": 1000 - captured,
        "captures": (Capture(captured_amount=captured),) if captured else (),
        "created_at": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=27),
        "purchase_country": "SE",
        "initial_payment_method": InitialPaymentMethod(type="INVOICE"),
    }
    return Order(**{**usual, **fields})


DUE_DATE = "captures.extend_due_date"
CAPTURE, REFUND, EXTEND = "captures.create", "refunds.create", "orders.extend_authorization_time"
CANCEL, RELEASE, UPDATE = "orders.cancel", "orders.release_remaining_authorization", "orders.update_authorization"

ALLOWED: list[tuple[str, Order, int | None]] = [
    (CAPTURE, order(), None),
    (CAPTURE, order(), 1000),
    (CAPTURE, order(captured=400), 600),
    (CANCEL, order(), None),
    (RELEASE, order(captured=400), None),
    (REFUND, order(captured=400), 400),
    (REFUND, order(captured=400), None),
    (EXTEND, order(), None),
    (EXTEND, order(initial_payment_method=None, created_at=None), None),
    (UPDATE, order(), None),
    (UPDATE, order(), 1200),
    (UPDATE, order(captured=400), 400),
    (UPDATE, order(initial_payment_method=InitialPaymentMethod(type="FIXED_AMOUNT")), 1200),
    ("orders.acknowledge", order(status="A_NEW_WORD"), None),
    ("orders.update_merchant_references", order(status="CLOSED"), None),
    ("captures.trigger_send_out", order(captured=400), None),
    (DUE_DATE, order(captured=400), None),
]


@pytest.mark.parametrize(("operation", "given", "amount"), ALLOWED)
def test_what_is_allowed_has_no_reason_against_it(operation: str, given: Order, amount: int | None) -> None:
    decision = allows(given, operation, amount=amount, now=NOW)

    assert decision == Decision(is_allowed=True)
    assert decision


def test_without_an_amount_none_is_made_up() -> None:
    decision = allows(order(), REFUND, now=NOW)

    assert decision.reasons == ("the order has no captures", "nothing is left to refund")


REFUSED: list[tuple[str, Order, int | None, str]] = [
    (CAPTURE, order(), 1001, "1000 can still be captured, not 1001"),
    (CAPTURE, order(), 0, "the amount must be more than 0"),
    (CAPTURE, order(fraud_status="PENDING"), None, "Klarna is reviewing the order"),
    (CAPTURE, order(status="CANCELLED"), None, "the order is cancelled"),
    (CAPTURE, order(status="EXPIRED", fraud_status="REJECTED"), None, "the authorization has expired"),
    (CAPTURE, order(expires_at=NOW), None, "the authorization has expired, at 2027-01-15 00:00 UTC"),
    (CAPTURE, order(captured=400, remaining_authorized_amount=0), None, "nothing is left to capture"),
    (CANCEL, order(captured=400), None, "release the rest instead (cancel_or_release chooses)"),
    (CANCEL, order(status="CAPTURED"), None, "refund it instead"),
    (RELEASE, order(), None, "cancel it (cancel_or_release chooses)"),
    (RELEASE, order(captured=400, remaining_authorized_amount=0), None, "nothing is left to release"),
    (REFUND, order(), 100, "the order has no captures"),
    (REFUND, order(captured=400), 401, "400 can still be refunded, not 401"),
    (REFUND, order(captured=400, refunded_amount=400), None, "nothing is left to refund"),
    (CAPTURE, order(remaining_authorized_amount=0), None, "nothing is left to capture"),
    (EXTEND, order(captured=400, expires_at=NOW), None, "the authorization has expired"),
    (UPDATE, order(captured=400, expires_at=NOW), 1200, "the authorization has expired"),
    (EXTEND, order(status="EXPIRED"), None, "the authorization has expired"),
    (EXTEND, order(created_at=NOW - timedelta(days=180)), None, "the order is older than 180 days"),
    (EXTEND, order(initial_payment_method=InitialPaymentMethod(type="PAY_BY_CARD")), None, "paid by card"),
    (UPDATE, order(), 1000, "the new amount is the current one"),
    (UPDATE, order(captured=400), 399, "400 is captured already"),
    (UPDATE, order(status="CAPTURED"), None, "the order is fully captured"),
    (UPDATE, order(purchase_country="ch"), 1200, "Klarna does not raise an order of INVOICE in CH"),
    (
        UPDATE,
        order(initial_payment_method=InitialPaymentMethod(type="SWISH"), purchase_country=None),
        1200,
        "SWISH in an unknown country",
    ),
    ("orders.update_customer_details", order(status="CANCELLED"), None, "the order is cancelled"),
    (DUE_DATE, order(), None, "the order has no captures"),
]


@pytest.mark.parametrize(("operation", "given", "amount", "reason"), REFUSED)
def test_what_is_refused_says_why(operation: str, given: Order, amount: int | None, reason: str) -> None:
    decision = allows(given, operation, amount=amount, now=NOW)

    assert decision.is_allowed is False
    assert not decision
    assert reason in "; ".join(decision.reasons)


UNKNOWN: list[tuple[str, Order, int | None, str]] = [
    (CAPTURE, order(status="A_NEW_WORD"), None, "the status 'A_NEW_WORD' is not one that is known"),
    (CANCEL, order(status=None), None, "the status None is not one that is known"),
    (CAPTURE, order(status="CLOSED"), None, "the order is closed"),
    (CAPTURE, order(fraud_status="REJECTED"), None, "rejected the order"),
    (CAPTURE, order(remaining_authorized_amount=None), 100, "does not show its remaining_authorized_amount"),
    (CANCEL, order(status="CANCELLED"), None, "Klarna has not published whether it is allowed then"),
    (REFUND, order(captures=(Capture(),), captured_amount=None), 100, "does not show its captured_amount"),
    (
        EXTEND,
        order(purchase_country="US", initial_payment_method=InitialPaymentMethod(type="FIXED_AMOUNT")),
        None,
        "instalments",
    ),
    (DUE_DATE, order(captured=400, initial_payment_method=None), None, "only pay-later orders allow it"),
    (
        DUE_DATE,
        order(captured=400, initial_payment_method=InitialPaymentMethod(type="PAY_BY_CARD")),
        None,
        "whether PAY_BY_CARD is one is not known",
    ),
    (UPDATE, order(initial_payment_method=None), 1200, "does not show its payment method"),
]


@pytest.mark.parametrize(("operation", "given", "amount", "reason"), UNKNOWN)
def test_what_is_not_known_is_neither(operation: str, given: Order, amount: int | None, reason: str) -> None:
    decision = allows(given, operation, amount=amount, now=NOW)

    assert decision.is_allowed is None
    assert not decision
    assert reason in "; ".join(decision.reasons)


def test_every_reason_is_given() -> None:
    given = order(fraud_status="PENDING", expires_at=NOW - timedelta(days=1))

    assert len(allows(given, CAPTURE, now=NOW).reasons) == 2


def test_the_current_time_counts_where_none_is_given() -> None:
    assert allows(order(expires_at=datetime.now(UTC) + timedelta(days=1)), CAPTURE)
    assert not allows(order(expires_at=datetime.now(UTC) - timedelta(days=1)), CAPTURE)


def test_an_operation_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match=r"such as 'captures.create', not 'capture'"):
        allows(order(), "capture")


def test_the_table_has_every_operation() -> None:
    assert set(STATES) == {operation.name for operation in CATALOGUE}

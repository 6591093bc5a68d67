from typing import Any

import pytest

from tests.sandbox.ledger_driver import AMOUNT, LedgerDriver, refusal_of

LINE = {"name": "Socks", "quantity": 1, "unit_price": 500, "total_amount": 500, "reference": "75001"}


def test_captures_add_up_until_nothing_remains(driver: LedgerDriver) -> None:
    states: list[tuple[Any, ...]] = []

    for amount in (4_000, 6_000):
        driver.capture(amount)
        order = driver.order
        states.append((order["status"], order["captured_amount"], order["remaining_authorized_amount"]))

    assert states == [("PART_CAPTURED", 4_000, 6_000), ("CAPTURED", AMOUNT, 0)]


def test_two_equal_captures_are_two_captures(driver: LedgerDriver) -> None:
    first, second = driver.capture(1_000), driver.capture(1_000)

    assert first != second
    assert driver.order["captured_amount"] == 2_000


def test_a_capture_above_the_remaining_amount_is_refused(driver: LedgerDriver) -> None:
    driver.capture(4_000)

    result = driver.execute("captures.create", {"captured_amount": 6_001})

    assert refusal_of(result) == (
        403,
        "CAPTURE_NOT_ALLOWED",
        "Captured amount is higher than the remaining authorized amount. Capture not possible.",
    )


def test_a_capture_of_zero_is_refused(driver: LedgerDriver) -> None:
    assert driver.execute("captures.create", {"captured_amount": 0}).error_code == "CAPTURE_NOT_ALLOWED"


def test_nothing_is_captured_during_a_fraud_review(driver: LedgerDriver) -> None:
    driver.add_order(fraud_status="PENDING")

    assert driver.execute("captures.create", {"captured_amount": 1}).error_code == "CAPTURE_NOT_ALLOWED"


def test_a_capture_shows_the_request_and_the_orders_addresses(driver: LedgerDriver) -> None:
    fields = {"description": "Shipped", "reference": "S-1", "order_lines": [LINE], "shipping_delay": 0}
    capture_id = driver.capture(500, **fields, shipping_info=[{"tracking_number": "1"}])

    capture = driver.execute("captures.get", capture_id=capture_id).document
    order = driver.order

    assert capture == {
        "capture_id": capture_id,
        "klarna_reference": f"{order['klarna_reference']}-1",
        "captured_amount": 500,
        "captured_at": "2023-11-15T12:00:00.000Z",
        "description": "Shipped",
        "reference": "S-1",
        "order_lines": [LINE],
        "refunded_amount": 0,
        "billing_address": order["billing_address"],
        "shipping_address": order["shipping_address"],
        "shipping_info": [{"tracking_number": "1"}],
    }
    assert driver.execute("captures.list").document == order["captures"] == [capture]


def test_the_list_of_captures_is_a_bare_list_and_empty_at_first(driver: LedgerDriver) -> None:
    assert driver.execute("captures.list").document == []


def test_shipping_details_of_a_capture_are_appended(driver: LedgerDriver) -> None:
    capture_id = driver.capture(500, shipping_info=[{"tracking_number": "1"}])

    driver.execute("captures.add_shipping_info", {"shipping_info": [{"tracking_number": "2"}]}, capture_id=capture_id)

    shipping = driver.execute("captures.get", capture_id=capture_id).document["shipping_info"]
    assert [each["tracking_number"] for each in shipping] == ["1", "2"]


def test_each_capture_is_found_by_its_id(driver: LedgerDriver) -> None:
    driver.capture(1)
    second = driver.capture(2)

    assert driver.execute("captures.get", capture_id=second).document["captured_amount"] == 2


def test_the_due_date_is_moved_by_each_extension(driver: LedgerDriver) -> None:
    capture_id = driver.capture(500)

    for days in (14, 2):
        driver.execute("captures.extend_due_date", {"number_of_days": days}, capture_id=capture_id)

    assert driver.ledger.account(driver.order_id).captures[0].due_days == 16


def test_the_options_start_with_a_free_one_and_name_the_currency(driver: LedgerDriver) -> None:
    capture_id = driver.capture(500)

    options = driver.execute("captures.due_date_options", capture_id=capture_id).document

    assert options["currency"] == "sek"
    assert options["options"][0] == {"number_of_days": 2, "amount": 0}


def test_the_free_extension_can_be_used_once(driver: LedgerDriver) -> None:
    capture_id = driver.capture(500)
    before = driver.execute("captures.due_date_options", capture_id=capture_id).document

    first = driver.execute("captures.extend_due_date", {"number_of_days": 2}, capture_id=capture_id)
    second = driver.execute("captures.extend_due_date", {"number_of_days": 2}, capture_id=capture_id)

    after = driver.execute("captures.due_date_options", capture_id=capture_id).document
    assert (first.status, second.status) == (204, 403)
    assert after["options"] == before["options"][1:]


@pytest.mark.parametrize("days", [0, 1, -1, 365])
def test_a_number_of_days_that_is_no_option_is_refused(driver: LedgerDriver, days: int) -> None:
    capture_id = driver.capture(500)

    result = driver.execute("captures.extend_due_date", {"number_of_days": days}, capture_id=capture_id)

    assert (result.status, result.error_code) == (403, "NOT_ALLOWED")


def test_an_order_that_is_not_paid_later_has_no_options(driver: LedgerDriver) -> None:
    driver.add_order(initial_payment_method={"type": "PAY_BY_CARD"})
    capture_id = driver.capture(500)

    assert driver.execute("captures.due_date_options", capture_id=capture_id).document["options"] == []
    assert driver.execute("captures.extend_due_date", {"number_of_days": 2}, capture_id=capture_id).status == 403

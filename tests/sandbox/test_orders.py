from typing import Any

import pytest

from klarna_om.sandbox.clock import format_timestamp
from tests.sandbox.ledger_driver import AMOUNT, NOON, LedgerDriver, refusal_of

LINE = {"name": "Socks", "quantity": 1, "unit_price": 500, "total_amount": 500}


def test_acknowledging_twice_has_two_effects_and_no_error(driver: LedgerDriver) -> None:
    statuses = [driver.execute("orders.acknowledge").status for _ in range(2)]

    assert statuses == [204, 204]
    assert driver.ledger.account(driver.order_id).is_acknowledged
    assert driver.ledger.effects.count(operation="orders.acknowledge") == 2


def test_a_capture_acknowledges_too(driver: LedgerDriver) -> None:
    driver.capture(100)

    assert driver.ledger.account(driver.order_id).is_acknowledged
    assert driver.ledger.effects.count(operation="orders.acknowledge") == 0


def test_a_cancelled_order_has_nothing_left_to_capture(driver: LedgerDriver) -> None:
    driver.execute("orders.cancel")

    assert (driver.order["status"], driver.order["remaining_authorized_amount"]) == ("CANCELLED", 0)


def test_an_order_can_be_read_for_three_years(driver: LedgerDriver) -> None:
    driver.clock.advance(days=3 * 365)
    last_day = driver.execute("orders.get")
    driver.clock.advance(days=1)
    day_after = driver.execute("orders.get")

    assert last_day.status == 200
    assert (day_after.status, day_after.error_code) == (404, "NO_SUCH_ORDER")


def test_a_new_authorization_replaces_amount_and_lines(driver: LedgerDriver) -> None:
    driver.capture(400)

    driver.execute("orders.update_authorization", {"order_amount": 500, "order_lines": [LINE]})

    order = driver.order
    assert (order["order_amount"], order["original_order_amount"]) == (500, AMOUNT)
    assert order["remaining_authorized_amount"] == 100
    assert order["order_lines"] == [LINE]


def test_a_new_authorization_without_lines_deletes_the_lines(driver: LedgerDriver) -> None:
    driver.execute("orders.update_authorization", {"order_amount": AMOUNT - 1})

    assert driver.order["order_lines"] == []


def test_lowering_the_amount_to_the_captured_amount_completes_the_order(driver: LedgerDriver) -> None:
    driver.capture(400)

    driver.execute("orders.update_authorization", {"order_amount": 400})

    assert driver.order["status"] == "CAPTURED"


def test_a_new_amount_below_the_captured_amount_is_refused(driver: LedgerDriver) -> None:
    driver.capture(400)

    result = driver.execute("orders.update_authorization", {"order_amount": 399})

    assert (result.status, result.error_code) == (403, "NOT_ALLOWED")


def test_a_new_amount_equal_to_the_current_one_is_refused(driver: LedgerDriver) -> None:
    result = driver.execute("orders.update_authorization", {"order_amount": AMOUNT})

    assert (result.status, result.error_code) == (403, "NOT_ALLOWED")


@pytest.mark.parametrize(
    ("method", "country", "status"),
    [
        ("INVOICE", "SE", 204),
        ("DIRECT_DEBIT", "de", 204),
        ("ACCOUNT", "CH", 403),
        ("FIXED_AMOUNT", "SE", 204),
        ("FIXED_AMOUNT", "US", 403),
        ("PAY_BY_CARD", "SE", 403),
    ],
)
def test_only_some_payment_methods_allow_an_increase(
    driver: LedgerDriver, method: str, country: str, status: int
) -> None:
    driver.add_order(initial_payment_method={"type": method}, purchase_country=country)

    increase = driver.execute("orders.update_authorization", {"order_amount": AMOUNT + 1})
    decrease = driver.execute("orders.update_authorization", {"order_amount": AMOUNT - 1})

    assert (increase.status, decrease.status) == (status, 204)


def test_merchant_references_are_overwritten_one_by_one_even_by_an_empty_string(driver: LedgerDriver) -> None:
    before = driver.order

    driver.execute("orders.update_merchant_references", {"merchant_reference1": "A-17", "merchant_reference2": "B"})
    driver.execute("orders.update_merchant_references", {"merchant_reference2": ""})

    assert "merchant_reference1" not in before
    assert (driver.order["merchant_reference1"], driver.order["merchant_reference2"]) == ("A-17", "")


def test_a_partial_address_leaves_the_other_fields_unchanged(driver: LedgerDriver) -> None:
    street = driver.order["shipping_address"]["street_address"]

    driver.execute("orders.update_customer_details", {"shipping_address": {"city": "Malmö", "phone": ""}})

    address = driver.order["shipping_address"]
    assert (address["city"], address["phone"], address["street_address"]) == ("Malmö", "", street)


def test_a_mandatory_field_of_an_address_cannot_be_cleared(driver: LedgerDriver) -> None:
    result = driver.execute("orders.update_customer_details", {"shipping_address": {"city": ""}})

    assert refusal_of(result) == (422, "INVALID_ADDRESS", "shipping_address/city must not be empty")


def test_the_billing_address_cannot_be_changed(driver: LedgerDriver) -> None:
    result = driver.execute("orders.update_customer_details", {"billing_address": {"city": "Malmö"}})

    assert refusal_of(result) == (
        403,
        "NOT_ALLOWED",
        "Billing address cannot be updated for user account order. Customer details cannot be updated.",
    )


def test_shipping_details_are_appended(driver: LedgerDriver) -> None:
    for number in ("1", "2"):
        driver.execute("orders.add_shipping_info", {"shipping_info": [{"tracking_number": number}]})

    assert [each["tracking_number"] for each in driver.order["shipping_info"]] == ["1", "2"]


def test_a_released_amount_can_be_neither_captured_nor_released_again(driver: LedgerDriver) -> None:
    driver.capture(4_000)

    driver.execute("orders.release_remaining_authorization")

    assert (driver.order["status"], driver.order["remaining_authorized_amount"]) == ("PART_CAPTURED", 0)
    assert driver.execute("captures.create", {"captured_amount": 1}).error_code == "CAPTURE_NOT_ALLOWED"
    assert driver.execute("orders.release_remaining_authorization").error_code == "NOT_ALLOWED"


def test_an_increase_after_a_release_authorizes_only_the_increase(driver: LedgerDriver) -> None:
    driver.capture(4_000)
    driver.execute("orders.release_remaining_authorization")

    driver.execute("orders.update_authorization", {"order_amount": AMOUNT + 500})

    assert driver.order["remaining_authorized_amount"] == 500


def test_a_decrease_after_a_release_reduces_the_released_amount(driver: LedgerDriver) -> None:
    driver.capture(4_000)
    driver.execute("orders.release_remaining_authorization")

    driver.execute("orders.update_authorization", {"order_amount": 5_000})
    driver.execute("orders.update_authorization", {"order_amount": 5_100})

    assert driver.order["remaining_authorized_amount"] == 100


def test_an_extension_counts_from_today_however_often_it_is_repeated(driver: LedgerDriver) -> None:
    driver.clock.advance(days=10)

    for _ in range(2):
        driver.execute("orders.extend_authorization_time")

    assert driver.order["expires_at"] == "2023-12-23T00:00:00.000Z"  # 25 November and 28 days


def test_an_order_is_never_extended_beyond_180_days(driver: LedgerDriver) -> None:
    for _ in range(8):
        driver.execute("orders.extend_authorization_time")
        driver.clock.advance(days=25)

    assert driver.order["expires_at"] == format_timestamp(NOON + 180 * 24 * 3600)


@pytest.mark.parametrize(
    ("method", "country"), [("PAY_BY_CARD", "SE"), ("FIXED_AMOUNT", "US"), ("FIXED_SUM_CREDIT", "US")]
)
def test_some_payment_methods_allow_no_extension(driver: LedgerDriver, method: str, country: str) -> None:
    driver.add_order(initial_payment_method={"type": method}, purchase_country=country)

    result = driver.execute("orders.extend_authorization_time")

    assert (result.status, result.error_code) == (403, "NOT_ALLOWED")


def test_installments_outside_the_united_states_can_be_extended(driver: LedgerDriver) -> None:
    driver.add_order(initial_payment_method={"type": "FIXED_AMOUNT"})

    result = driver.execute("orders.extend_authorization_time")

    assert result.status == 204


def test_an_expired_order_keeps_its_captures(driver: LedgerDriver) -> None:
    driver.capture(100)

    driver.clock.advance(days=29)

    order = driver.order
    assert (order["status"], order["captured_amount"]) == ("PART_CAPTURED", 100)
    assert order["remaining_authorized_amount"] == 0
    assert driver.execute("captures.create", {"captured_amount": 1}).error_code == "CAPTURE_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("orders.extend_authorization_time", None),
        ("orders.update_authorization", {"order_amount": AMOUNT + 500}),
        ("orders.release_remaining_authorization", None),
        ("captures.create", {"captured_amount": 1}),
    ],
)
def test_an_authorization_that_is_over_is_not_revived(
    driver: LedgerDriver, operation: str, body: dict[str, Any] | None
) -> None:
    driver.capture(100)
    driver.clock.advance(days=40)
    before = driver.order

    result = driver.execute(operation, body)

    assert result.status == 403
    assert result.error_messages[0].startswith("Order is expired.")
    assert driver.order == before


def test_an_order_of_180_days_cannot_be_extended_though_it_has_not_expired(driver: LedgerDriver) -> None:
    driver.add_order(expires_at=format_timestamp(NOON + 300 * 24 * 3600))
    driver.clock.advance(days=180)

    result = driver.execute("orders.extend_authorization_time")

    assert (result.status, result.error_messages[0][:29]) == (403, "Order is older than 180 days.")


def test_refusals_and_reads_have_no_effect(driver: LedgerDriver) -> None:
    driver.execute("orders.release_remaining_authorization")
    driver.execute("orders.get")

    assert driver.ledger.effects.count() == 0


def test_effects_are_counted_by_order_and_by_operation(driver: LedgerDriver) -> None:
    first = driver.order_id

    driver.execute("orders.acknowledge")
    driver.execute("orders.acknowledge")
    driver.add_order()
    driver.execute("orders.acknowledge")
    driver.capture(100)

    effects: Any = driver.ledger.effects
    assert effects.count(first) == 2
    assert effects.count(driver.order_id) == 2
    assert effects.count(driver.order_id, "captures.create") == 1
    assert effects.count(operation="orders.cancel") == 0
    assert effects.count_orders("orders.acknowledge") == 2
    assert effects.repeated_orders("orders.acknowledge") == (first,)
    assert effects.repeated_orders("orders.cancel") == ()
    assert list(effects) == ["orders.acknowledge", "captures.create"]

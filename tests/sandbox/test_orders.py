from typing import Any

import pytest

from klarna_om.sandbox.clock import stamp
from tests.sandbox.books import AMOUNT, NOON, Books, refused

LINE = {"name": "Socks", "quantity": 1, "unit_price": 500, "total_amount": 500}


def test_an_order_that_is_acknowledged_twice_had_two_effects_and_no_error(books: Books) -> None:
    assert books.do("orders.acknowledge").status == 204
    assert books.do("orders.acknowledge").status == 204

    assert books.ledger.account(books.order_id).acknowledged
    assert books.ledger.effects.of(operation="orders.acknowledge") == 2


def test_a_capture_acknowledges_too(books: Books) -> None:
    books.capture(100)

    assert books.ledger.account(books.order_id).acknowledged
    assert books.ledger.effects.of(operation="orders.acknowledge") == 0


def test_a_cancelled_order_has_nothing_left_to_capture(books: Books) -> None:
    assert books.do("orders.cancel").status == 204

    assert (books.order["status"], books.order["remaining_authorized_amount"]) == ("CANCELLED", 0)


def test_an_order_can_be_read_for_three_years(books: Books) -> None:
    books.clock.advance(days=3 * 365)
    assert books.do("orders.get").status == 200

    books.clock.advance(days=1)
    assert books.do("orders.get").error_code == "NO_SUCH_ORDER"


def test_a_new_authorization_replaces_amount_and_lines(books: Books) -> None:
    books.capture(400)

    assert books.do("orders.update_authorization", {"order_amount": 500, "order_lines": [LINE]}).status == 204

    order = books.order
    assert (order["order_amount"], order["original_order_amount"]) == (500, AMOUNT)
    assert order["remaining_authorized_amount"] == 100
    assert order["order_lines"] == [LINE]


def test_a_new_authorization_without_lines_deletes_the_lines(books: Books) -> None:
    books.do("orders.update_authorization", {"order_amount": AMOUNT - 1})

    assert books.order["order_lines"] == []


def test_an_authorization_lowered_to_what_is_captured_completes_the_order(books: Books) -> None:
    books.capture(400)
    books.do("orders.update_authorization", {"order_amount": 400})

    assert books.order["status"] == "CAPTURED"


def test_a_new_authorization_is_not_below_what_is_captured(books: Books) -> None:
    books.capture(400)

    answer = books.do("orders.update_authorization", {"order_amount": 399})

    assert (answer.status, answer.error_code) == (403, "NOT_ALLOWED")


def test_a_new_authorization_differs_from_the_old_one(books: Books) -> None:
    assert books.do("orders.update_authorization", {"order_amount": AMOUNT}).error_code == "NOT_ALLOWED"


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
def test_only_some_payment_methods_allow_an_increase(books: Books, method: str, country: str, status: int) -> None:
    books.open(initial_payment_method={"type": method}, purchase_country=country)

    assert books.do("orders.update_authorization", {"order_amount": AMOUNT + 1}).status == status
    assert books.do("orders.update_authorization", {"order_amount": AMOUNT - 1}).status == 204


def test_merchant_references_are_overwritten_one_by_one_and_cleared_by_an_empty_text(books: Books) -> None:
    assert "merchant_reference1" not in books.order

    books.do("orders.update_merchant_references", {"merchant_reference1": "A-17", "merchant_reference2": "B"})
    books.do("orders.update_merchant_references", {"merchant_reference2": ""})

    assert (books.order["merchant_reference1"], books.order["merchant_reference2"]) == ("A-17", "")


def test_a_partial_address_leaves_the_rest_as_it_was(books: Books) -> None:
    street = books.order["shipping_address"]["street_address"]

    books.do("orders.update_customer_details", {"shipping_address": {"city": "Malmö", "phone": ""}})

    address = books.order["shipping_address"]
    assert (address["city"], address["phone"], address["street_address"]) == ("Malmö", "", street)


def test_a_mandatory_part_of_an_address_cannot_be_cleared(books: Books) -> None:
    answer = books.do("orders.update_customer_details", {"shipping_address": {"city": ""}})

    assert refused(answer) == (422, "INVALID_ADDRESS", "shipping_address/city must not be empty")


def test_the_billing_address_cannot_be_changed(books: Books) -> None:
    answer = books.do("orders.update_customer_details", {"billing_address": {"city": "Malmö"}})

    assert refused(answer) == (
        403,
        "NOT_ALLOWED",
        "Billing address cannot be updated for user account order. Customer details cannot be updated.",
    )


def test_shipping_details_are_appended(books: Books) -> None:
    for number in ("1", "2"):
        books.do("orders.add_shipping_info", {"shipping_info": [{"tracking_number": number}]})

    assert [each["tracking_number"] for each in books.order["shipping_info"]] == ["1", "2"]


def test_released_money_cannot_be_captured_and_cannot_be_released_again(books: Books) -> None:
    books.capture(4_000)

    assert books.do("orders.release_remaining_authorization").status == 204

    assert (books.order["status"], books.order["remaining_authorized_amount"]) == ("PART_CAPTURED", 0)
    assert books.do("captures.create", {"captured_amount": 1}).error_code == "CAPTURE_NOT_ALLOWED"
    assert books.do("orders.release_remaining_authorization").error_code == "NOT_ALLOWED"


def test_an_increase_after_a_release_authorizes_only_the_increase(books: Books) -> None:
    books.capture(4_000)
    books.do("orders.release_remaining_authorization")

    books.do("orders.update_authorization", {"order_amount": AMOUNT + 500})

    assert books.order["remaining_authorized_amount"] == 500


def test_a_decrease_after_a_release_takes_from_what_was_released(books: Books) -> None:
    books.capture(4_000)
    books.do("orders.release_remaining_authorization")

    books.do("orders.update_authorization", {"order_amount": 5_000})
    books.do("orders.update_authorization", {"order_amount": 5_100})

    assert books.order["remaining_authorized_amount"] == 100


def test_an_extension_counts_from_today_and_twice_a_day_changes_nothing(books: Books) -> None:
    books.clock.advance(days=10)
    for _ in range(2):
        assert books.do("orders.extend_authorization_time").status == 204

        assert books.order["expires_at"] == "2023-12-23T00:00:00.000Z"  # 25 November and 28 days


def test_an_order_is_never_extended_beyond_180_days(books: Books) -> None:
    for _ in range(8):
        books.do("orders.extend_authorization_time")
        books.clock.advance(days=25)

    assert books.order["expires_at"] == stamp(NOON + 180 * 24 * 3600)


@pytest.mark.parametrize(
    ("method", "country"), [("PAY_BY_CARD", "SE"), ("FIXED_AMOUNT", "US"), ("FIXED_SUM_CREDIT", "US")]
)
def test_some_payment_methods_allow_no_extension(books: Books, method: str, country: str) -> None:
    books.open(initial_payment_method={"type": method}, purchase_country=country)

    assert books.do("orders.extend_authorization_time").error_code == "NOT_ALLOWED"


def test_installments_outside_the_united_states_can_be_extended(books: Books) -> None:
    books.open(initial_payment_method={"type": "FIXED_AMOUNT"})

    assert books.do("orders.extend_authorization_time").status == 204


def test_an_order_expires_by_the_clock_and_what_was_captured_stays(books: Books) -> None:
    books.capture(100)
    books.clock.advance(days=29)

    order = books.order
    assert (order["status"], order["captured_amount"]) == ("PART_CAPTURED", 100)
    assert order["remaining_authorized_amount"] == 0
    assert books.do("captures.create", {"captured_amount": 1}).error_code == "CAPTURE_NOT_ALLOWED"


def test_refusals_and_reads_are_no_effects(books: Books) -> None:
    books.do("orders.release_remaining_authorization")
    books.do("orders.get")

    assert books.ledger.effects.of() == 0


def test_effects_are_counted_by_order_and_by_operation(books: Books) -> None:
    first = books.order_id
    books.do("orders.acknowledge")
    books.do("orders.acknowledge")
    books.open()
    books.do("orders.acknowledge")
    books.capture(100)

    effects: Any = books.ledger.effects
    assert effects.of(first) == 2
    assert effects.of(books.order_id) == 2
    assert effects.of(books.order_id, "captures.create") == 1
    assert effects.of(operation="orders.cancel") == 0
    assert effects.orders("orders.acknowledge") == 2
    assert effects.repeated("orders.acknowledge") == (first,)
    assert effects.repeated("orders.cancel") == ()
    assert list(effects) == ["orders.acknowledge", "captures.create"]

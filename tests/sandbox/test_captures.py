import pytest

from tests.sandbox.books import AMOUNT, Books, refused

LINE = {"name": "Socks", "quantity": 1, "unit_price": 500, "total_amount": 500, "reference": "75001"}


def test_captures_add_up_until_nothing_remains(books: Books) -> None:
    books.capture(4_000)
    order = books.order
    assert (order["status"], order["captured_amount"], order["remaining_authorized_amount"]) == (
        "PART_CAPTURED",
        4_000,
        6_000,
    )

    books.capture(6_000)
    order = books.order
    assert (order["status"], order["captured_amount"], order["remaining_authorized_amount"]) == ("CAPTURED", AMOUNT, 0)


def test_two_equal_captures_are_two_captures(books: Books) -> None:
    assert books.capture(1_000) != books.capture(1_000)

    assert books.order["captured_amount"] == 2_000


def test_a_capture_is_not_above_what_remains(books: Books) -> None:
    books.capture(4_000)

    answer = books.do("captures.create", {"captured_amount": 6_001})

    assert refused(answer) == (
        403,
        "CAPTURE_NOT_ALLOWED",
        "Captured amount is higher than the remaining authorized amount. Capture not possible.",
    )


def test_a_capture_of_nothing_is_refused(books: Books) -> None:
    assert books.do("captures.create", {"captured_amount": 0}).error_code == "CAPTURE_NOT_ALLOWED"


def test_nothing_is_captured_during_a_fraud_review(books: Books) -> None:
    books.open(fraud_status="PENDING")

    assert books.do("captures.create", {"captured_amount": 1}).error_code == "CAPTURE_NOT_ALLOWED"


def test_a_capture_shows_what_was_sent_and_where_the_goods_went(books: Books) -> None:
    sent = {"description": "Shipped", "reference": "S-1", "order_lines": [LINE], "shipping_delay": 0}
    capture_id = books.capture(500, **sent, shipping_info=[{"tracking_number": "1"}])

    capture = books.do("captures.get", capture_id=capture_id).document
    order = books.order

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
    assert books.do("captures.list").document == order["captures"] == [capture]


def test_the_list_of_captures_is_bare_and_empty_at_first(books: Books) -> None:
    assert books.do("captures.list").document == []


def test_shipping_details_of_a_capture_are_appended(books: Books) -> None:
    capture_id = books.capture(500, shipping_info=[{"tracking_number": "1"}])

    books.do("captures.add_shipping_info", {"shipping_info": [{"tracking_number": "2"}]}, capture_id=capture_id)

    shipping = books.do("captures.get", capture_id=capture_id).document["shipping_info"]
    assert [each["tracking_number"] for each in shipping] == ["1", "2"]


def test_each_capture_is_found_by_its_id(books: Books) -> None:
    books.capture(1)
    second = books.capture(2)

    assert books.do("captures.get", capture_id=second).document["captured_amount"] == 2


def test_the_due_date_is_moved_by_one_of_the_options_and_the_free_one_is_gone_after_use(books: Books) -> None:
    capture_id = books.capture(500)
    before = books.do("captures.due_date_options", capture_id=capture_id).document
    assert before["currency"] == "sek"
    assert before["options"][0] == {"number_of_days": 2, "amount": 0}

    assert books.do("captures.extend_due_date", {"number_of_days": 14}, capture_id=capture_id).status == 204
    assert books.do("captures.extend_due_date", {"number_of_days": 2}, capture_id=capture_id).status == 204

    after = books.do("captures.due_date_options", capture_id=capture_id).document
    assert after["options"] == before["options"][1:]
    assert books.do("captures.extend_due_date", {"number_of_days": 2}, capture_id=capture_id).status == 403
    assert books.ledger.account(books.order_id).captures[0].due_days == 16


@pytest.mark.parametrize("days", [0, 1, -1, 365])
def test_a_number_of_days_that_is_no_option_is_refused(books: Books, days: int) -> None:
    capture_id = books.capture(500)

    answer = books.do("captures.extend_due_date", {"number_of_days": days}, capture_id=capture_id)

    assert (answer.status, answer.error_code) == (403, "NOT_ALLOWED")


def test_an_order_that_is_not_paid_later_has_no_options(books: Books) -> None:
    books.open(initial_payment_method={"type": "PAY_BY_CARD"})
    capture_id = books.capture(500)

    assert books.do("captures.due_date_options", capture_id=capture_id).document["options"] == []
    assert books.do("captures.extend_due_date", {"number_of_days": 2}, capture_id=capture_id).status == 403

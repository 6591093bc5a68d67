import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.books import AMOUNT, Books, refused


def line(reference: str, total: int, **fields: str) -> dict[str, object]:
    return {
        "name": reference,
        "reference": reference,
        "quantity": 1,
        "unit_price": total,
        "total_amount": total,
        **fields,
    }


def test_a_refund_is_read_back_alone_and_in_the_order(books: Books) -> None:
    books.capture(AMOUNT)

    created = books.refund(2_000, description="Returned", reference="R-1").created

    assert created is not None
    assert created.header == "Refund-Id"
    refund = books.do("refunds.get", refund_id=created.id).document
    assert refund == {
        "refund_id": created.id,
        "refunded_amount": 2_000,
        "refunded_at": "2023-11-15T12:00:00.000Z",
        "description": "Returned",
        "reference": "R-1",
        "order_lines": [],
    }
    assert books.order["refunds"] == [refund]
    assert books.order["refunded_amount"] == 2_000


def test_each_refund_is_found_by_its_id(books: Books) -> None:
    books.capture(AMOUNT)
    books.refund(1)
    second = books.refund(2).created

    assert second is not None
    assert books.do("refunds.get", refund_id=second.id).document["refunded_amount"] == 2


def test_no_more_is_refunded_than_was_captured(books: Books) -> None:
    books.capture(5_000)
    books.refund(3_000)

    answer = books.refund(2_001)

    assert refused(answer) == (403, "REFUND_NOT_ALLOWED", "Over refund is not allowed. Refund not possible.")
    assert books.refund(2_000).status == 201


def test_a_refund_of_nothing_is_refused(books: Books) -> None:
    books.capture(5_000)

    assert books.refund(0).error_code == "REFUND_NOT_ALLOWED"


def test_a_refund_belongs_to_the_capture_with_the_same_line(books: Books) -> None:
    books.capture(1_000, order_lines=[line("A", 1_000)])
    books.capture(2_000, order_lines=[line("B", 2_000)])

    books.refund(500, order_lines=[line("B", 500)])

    assert [each["refunded_amount"] for each in books.order["captures"]] == [0, 500]


def test_a_refund_without_lines_belongs_to_the_oldest_captures(books: Books) -> None:
    books.capture(1_000)
    books.capture(2_000)

    books.refund(1_500)

    assert [each["refunded_amount"] for each in books.order["captures"]] == [1_000, 500]


@given(amounts=st.lists(st.integers(1, AMOUNT), max_size=12))
def test_whatever_is_captured_and_refunded_the_sums_add_up(amounts: list[int]) -> None:
    books = Books()
    for index, amount in enumerate(amounts):
        if index % 2:
            books.refund(amount)
        else:
            books.do("captures.create", {"captured_amount": amount})

    order = books.order
    assert order["captured_amount"] == sum(each["captured_amount"] for each in order["captures"]) <= AMOUNT
    assert order["refunded_amount"] == sum(each["refunded_amount"] for each in order["refunds"])
    assert order["refunded_amount"] == sum(each["refunded_amount"] for each in order["captures"])
    assert order["captured_amount"] + order["remaining_authorized_amount"] == AMOUNT
    assert all(each["refunded_amount"] <= each["captured_amount"] for each in order["captures"])


FEE = line("fee", -500, type="return_fee")


def test_a_return_fee_is_kept_back_from_a_full_capture(books: Books) -> None:
    books.capture(AMOUNT)

    assert books.refund(AMOUNT - 500, order_lines=[line("A", AMOUNT), FEE]).status == 201


@pytest.mark.parametrize(
    ("why", "country", "captured", "refunded", "fee"),
    [
        ("Return fee is not available in the purchase country.", "US", AMOUNT, 1_500, FEE),
        ("Return fee must be negative.", "SE", AMOUNT, 2_500, line("fee", 500, type="return_fee")),
        ("Refunded amount must be the sum of the order lines.", "SE", AMOUNT, 1_501, FEE),
        ("Return fee requires a single full capture.", "SE", AMOUNT - 1, 1_500, FEE),
    ],
)
def test_a_return_fee_has_rules_of_its_own(
    books: Books, why: str, country: str, captured: int, refunded: int, fee: dict[str, object]
) -> None:
    books.open(purchase_country=country)
    books.capture(captured)

    answer = books.refund(refunded, order_lines=[line("A", 2_000), fee])

    assert refused(answer) == (403, "REFUND_NOT_ALLOWED", f"{why} Refund not possible.")

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.ledger_driver import AMOUNT, LedgerDriver, refusal_of


def line(reference: str, total: int, **fields: str) -> dict[str, object]:
    return {
        "name": reference,
        "reference": reference,
        "quantity": 1,
        "unit_price": total,
        "total_amount": total,
        **fields,
    }


def test_a_refund_is_read_back_alone_and_in_the_order(driver: LedgerDriver) -> None:
    driver.capture(AMOUNT)

    created = driver.refund(2_000, description="Returned", reference="R-1").created

    assert created is not None
    assert created.header == "Refund-Id"
    refund = driver.execute("refunds.get", refund_id=created.id).document
    assert refund == {
        "refund_id": created.id,
        "refunded_amount": 2_000,
        "refunded_at": "2023-11-15T12:00:00.000Z",
        "description": "Returned",
        "reference": "R-1",
        "order_lines": [],
    }
    assert driver.order["refunds"] == [refund]
    assert driver.order["refunded_amount"] == 2_000


def test_each_refund_is_found_by_its_id(driver: LedgerDriver) -> None:
    driver.capture(AMOUNT)
    driver.refund(1)
    second = driver.refund(2).created
    assert second is not None

    refund = driver.execute("refunds.get", refund_id=second.id).document

    assert refund["refunded_amount"] == 2


def test_a_refund_above_the_captured_amount_is_refused(driver: LedgerDriver) -> None:
    driver.capture(5_000)
    driver.refund(3_000)

    result = driver.refund(2_001)
    allowed = driver.refund(2_000)

    assert refusal_of(result) == (403, "REFUND_NOT_ALLOWED", "Over refund is not allowed. Refund not possible.")
    assert allowed.status == 201


def test_a_refund_of_zero_is_refused(driver: LedgerDriver) -> None:
    driver.capture(5_000)

    result = driver.refund(0)

    assert (result.status, result.error_code) == (403, "REFUND_NOT_ALLOWED")


def test_a_refund_is_allocated_to_the_capture_with_the_same_line(driver: LedgerDriver) -> None:
    driver.capture(1_000, order_lines=[line("A", 1_000)])
    driver.capture(2_000, order_lines=[line("B", 2_000)])

    driver.refund(500, order_lines=[line("B", 500)])

    assert [each["refunded_amount"] for each in driver.order["captures"]] == [0, 500]


def test_a_refund_without_lines_is_allocated_to_the_oldest_captures(driver: LedgerDriver) -> None:
    driver.capture(1_000)
    driver.capture(2_000)

    driver.refund(1_500)

    assert [each["refunded_amount"] for each in driver.order["captures"]] == [1_000, 500]


@given(amounts=st.lists(st.integers(1, AMOUNT), max_size=12))
def test_the_sums_of_captures_and_refunds_always_add_up(amounts: list[int]) -> None:
    driver = LedgerDriver()

    for index, amount in enumerate(amounts):
        if index % 2:
            driver.refund(amount)
        else:
            driver.execute("captures.create", {"captured_amount": amount})

    order = driver.order
    assert order["captured_amount"] == sum(each["captured_amount"] for each in order["captures"]) <= AMOUNT
    assert order["refunded_amount"] == sum(each["refunded_amount"] for each in order["refunds"])
    assert order["refunded_amount"] == sum(each["refunded_amount"] for each in order["captures"])
    assert order["captured_amount"] + order["remaining_authorized_amount"] == AMOUNT
    assert all(each["refunded_amount"] <= each["captured_amount"] for each in order["captures"])


FEE = line("fee", -500, type="return_fee")


def test_a_return_fee_is_allowed_for_a_full_capture(driver: LedgerDriver) -> None:
    driver.capture(AMOUNT)

    result = driver.refund(AMOUNT - 500, order_lines=[line("A", AMOUNT), FEE])

    assert result.status == 201


@pytest.mark.parametrize(
    ("reason", "country", "captured", "refunded", "fee"),
    [
        ("Return fee is not available in the purchase country.", "US", AMOUNT, 1_500, FEE),
        ("Return fee must be negative.", "SE", AMOUNT, 2_500, line("fee", 500, type="return_fee")),
        ("Refunded amount must be the sum of the order lines.", "SE", AMOUNT, 1_501, FEE),
        ("Return fee requires a single full capture.", "SE", AMOUNT - 1, 1_500, FEE),
    ],
)
def test_a_return_fee_is_refused_outside_its_rules(
    driver: LedgerDriver, reason: str, country: str, captured: int, refunded: int, fee: dict[str, object]
) -> None:
    driver.add_order(purchase_country=country)
    driver.capture(captured)

    result = driver.refund(refunded, order_lines=[line("A", 2_000), fee])

    assert refusal_of(result) == (403, "REFUND_NOT_ALLOWED", f"{reason} Refund not possible.")

"""A refund by its lines: exact, never more than was captured, and never twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.checks import warnings
from klarna_om.money import refund_lines
from klarna_om.types import Capture, Order, OrderLine, Refund


def line(reference: str | None, quantity: int | None, amount: int | None, **more: Any) -> OrderLine:
    price = None if not quantity or amount is None else amount // quantity
    fields = {"unit_price": price, "tax_rate": 2500, **more}
    return OrderLine(reference=reference, name="x", quantity=quantity, total_amount=amount, **fields)


def capture(*lines: OrderLine, amount: int | None = None) -> Capture:
    total = sum(each.total_amount or 0 for each in lines) if amount is None else amount
    return Capture(captured_amount=total, order_lines=lines)


def refund(*lines: OrderLine, amount: int | None = None) -> Refund:
    total = sum(each.total_amount or 0 for each in lines) if amount is None else amount
    return Refund(refunded_amount=total, order_lines=lines)


def order(*captures: Capture, refunds: tuple[Refund, ...] = (), lines: tuple[OrderLine, ...] = ()) -> Order:
    return Order(
        order_lines=lines,
        order_amount=10_000,
        captures=captures,
        captured_amount=sum(each.captured_amount or 0 for each in captures),
        refunds=refunds,
        refunded_amount=sum(each.refunded_amount or 0 for each in refunds),
    )


SOCKS, SHIRT = line("socks", 4, 2000), line("shirt", 1, 8000)


def test_lines_are_worth_what_was_captured_for_them() -> None:
    found = refund_lines(order(capture(SOCKS, SHIRT)), {"socks": 2, "shirt": 1}, reference="r-7", description="two")

    assert (found.refunded_amount, found.reference, found.description) == (9000, "r-7", "two")
    assert found.order_lines is not None
    assert [(each.reference, each.quantity, each.total_amount) for each in found.order_lines] == [
        ("socks", 2, 1000),
        ("shirt", 1, 8000),
    ]
    assert [each.total_tax_amount for each in found.order_lines] == [200, 1600]
    assert warnings(found) == ()


def test_a_discount_within_a_line_is_shared() -> None:
    reduced = line("socks", 3, 1000, unit_price=400, total_discount_amount=200)

    found = refund_lines(order(capture(reduced)), {"socks": 1})

    assert found.order_lines is not None
    assert (found.refunded_amount, found.order_lines[0].total_discount_amount) == (333, 67)
    assert warnings(found) == ()


def test_a_line_without_a_tax_rate_gets_no_tax() -> None:
    found = refund_lines(order(capture(line("socks", 2, 1000, tax_rate=None))), {"socks": 1})

    assert found.order_lines is not None
    assert found.order_lines[0].total_tax_amount is None


def test_a_line_without_a_price_keeps_none() -> None:
    found = refund_lines(order(capture(line("socks", 2, 1000, unit_price=None))), {"socks": 1})

    assert found.order_lines is not None
    assert (found.order_lines[0].unit_price, found.order_lines[0].total_discount_amount) == (None, None)


def test_a_discount_of_its_own_is_named_by_its_reference() -> None:
    voucher = line("voucher", 1, -500, unit_price=-500, type="discount", total_discount_amount=0)

    found = refund_lines(order(capture(SOCKS, voucher)), {"socks": 4, "voucher": 1})

    assert found.refunded_amount == 1500


def test_several_captures_of_one_reference_count_together() -> None:
    two = line("socks", 2, 1000)

    assert refund_lines(order(capture(two), capture(two)), {"socks": 3}).refunded_amount == 1500


def test_what_is_refunded_already_is_not_refunded_again() -> None:
    back = refund(line("socks", 3, 1500), line("unknown", 1, 0))

    found = refund_lines(order(capture(SOCKS), refunds=(back,)), {"socks": 1})

    assert found.refunded_amount == 500
    with pytest.raises(ValueError, match="1 of 'socks' can still be refunded, not 2"):
        refund_lines(order(capture(SOCKS), refunds=(back,)), {"socks": 2})


@given(amount=st.integers(-10_000, 10_000), quantity=st.integers(1, 12), parts=st.lists(st.integers(1, 5), max_size=12))
def test_all_parts_together_are_the_whole(amount: int, quantity: int, parts: list[int]) -> None:
    other = line("other", 1, 20_000)
    whole = capture(line("socks", quantity, amount), other, line("kept", 1, 20_000))
    given_back: list[Refund] = []
    left = quantity

    for part in [*parts, quantity]:
        count = min(part, left)
        if count:
            found = refund_lines(order(whole, refunds=tuple(given_back)), {"socks": count, "other": 1})
            assert found.order_lines is not None
            given_back.append(refund(found.order_lines[0]))
            left -= count

    assert sum(each.refunded_amount or 0 for each in given_back) == amount


def test_after_a_full_capture_without_lines_the_orders_own_count() -> None:
    captured = order(capture(amount=10_000), lines=(SOCKS, SHIRT))

    assert refund_lines(captured, {"shirt": 1}).refunded_amount == 8000


CANNOT: list[tuple[Order, dict[str, Any], str]] = [
    (order(capture(SOCKS)), {}, "quantities is empty"),
    (order(capture(SOCKS)), {"shirt": 1}, "no captured line has the reference 'shirt'"),
    (order(capture(SOCKS)), {"socks": 5}, "4 of 'socks' can still be refunded, not 5"),
    (order(capture(SOCKS)), {"socks": 0}, "the quantity of 'socks' is a whole number, 1 or more, not 0"),
    (order(capture(SOCKS)), {"socks": True}, "is a whole number"),
    (order(capture(SOCKS)), {"socks": 1.0}, "is a whole number"),
    (order(capture(amount=500), lines=(SOCKS,)), {"socks": 1}, "a capture of a part has no order_lines"),
    (order(capture(SOCKS), refunds=(refund(amount=5),)), {"socks": 1}, r"refunds\[0\].order_lines is missing"),
    (order(capture(line("socks", None, 5))), {"socks": 1}, r"a line of captures\[0\] has no quantity"),
    (order(capture(SOCKS, line("socks", 1, 700))), {"socks": 1}, "differ in price, tax rate or type"),
    (order(capture(SOCKS, line("free", 1, 0))), {"free": 1}, "worth 0, and 2000 can still be refunded"),
    (order(capture(line(None, 1, 5))), {"": 1}, "no captured line has the reference ''"),
    (order(capture(SHIRT, amount=7000)), {"shirt": 1}, "worth 8000, and 7000 can still be refunded"),
]


@pytest.mark.parametrize(("given_order", "quantities", "reason"), CANNOT)
def test_what_cannot_be_refunded_says_why(given_order: Order, quantities: dict[str, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        refund_lines(given_order, quantities)


def test_a_refund_of_nothing_without_lines_does_not_matter() -> None:
    assert refund_lines(order(capture(SOCKS), refunds=(refund(amount=0),)), {"socks": 1}).refunded_amount == 500

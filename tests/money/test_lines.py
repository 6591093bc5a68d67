from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om import structuring
from klarna_om.money import UncapturedLine, uncaptured_lines
from klarna_om.types import Capture, Order, OrderLine
from tests.support.samples import Sample, own, published


def line(reference: str | None, quantity: int | None, amount: int | None) -> OrderLine:
    return OrderLine(reference=reference, name="x", quantity=quantity, unit_price=0, total_amount=amount)


def capture(*lines: OrderLine, amount: int | None = 1) -> Capture:
    return Capture(captured_amount=amount, order_lines=lines)


def order(*lines: OrderLine, captures: tuple[Capture, ...] = (), **amounts: int) -> Order:
    totals = {"order_amount": 10_000, "captured_amount": len(captures), **amounts}
    return Order(order_lines=lines, captures=captures, **totals)  # type: ignore[arg-type]


def left(order: Order) -> list[tuple[str | None, int, int]]:
    return [(rest.reference, rest.quantity, rest.amount) for rest in uncaptured_lines(order)]


SOCKS, SHIRT = line("socks", 4, 2000), line("shirt", 1, 8000)


def test_before_any_capture_every_line_is_left() -> None:
    assert uncaptured_lines(order(SOCKS, SHIRT)) == (
        UncapturedLine("socks", 4, 2000, (SOCKS,)),
        UncapturedLine("shirt", 1, 8000, (SHIRT,)),
    )


def test_several_captures_take_from_one_line_until_nothing_is_left() -> None:
    one, two = capture(line("socks", 1, 500)), capture(line("socks", 2, 1000), line("shirt", 1, 8000))

    assert left(order(SOCKS, SHIRT, captures=(one,))) == [("socks", 3, 1500), ("shirt", 1, 8000)]
    assert left(order(SOCKS, SHIRT, captures=(one, two))) == [("socks", 1, 500)]


def test_lines_of_one_reference_count_together() -> None:
    dear = line("socks", 1, 700)

    (rest,) = uncaptured_lines(order(SOCKS, dear, captures=(capture(line("socks", 2, 1200)),)))

    assert rest == UncapturedLine("socks", 3, 1500, (SOCKS, dear))


@pytest.mark.parametrize("nothing", [None, ""])
def test_lines_without_a_reference_count_together(nothing: str | None) -> None:
    fee, discount = line(nothing, 1, 500), line(nothing, 1, -300)

    assert left(order(fee, SOCKS, discount)) == [(None, 2, 200), ("socks", 4, 2000)]
    assert left(order(fee, SOCKS, discount, captures=(capture(line(None, 1, 500)),))) == [
        (None, 1, -300),
        ("socks", 4, 2000),
    ]


def test_a_quantity_captured_for_less_leaves_an_amount() -> None:
    assert left(order(SOCKS, captures=(capture(line("socks", 4, 1900)),))) == [("socks", 0, 100)]


def test_what_was_captured_beyond_the_order_is_not_listed() -> None:
    beyond = capture(line("socks", 5, 2500), line("hat", 1, 100))

    assert left(order(SOCKS, SHIRT, captures=(beyond,))) == [("shirt", 1, 8000)]


def test_nothing_is_left_of_an_order_whose_whole_amount_is_captured() -> None:
    without_lines = capture(amount=10_000)

    assert uncaptured_lines(order(SOCKS, captures=(without_lines,), captured_amount=10_000)) == ()


@pytest.mark.parametrize("amount", [None, 500])
def test_a_capture_without_lines_leaves_it_unknown_what_it_took(amount: int | None) -> None:
    with pytest.raises(ValueError, match=r"^captures\[1\]\.order_lines is missing: what was captured is not known"):
        uncaptured_lines(order(SOCKS, captures=(capture(line("socks", 1, 500)), capture(amount=amount))))


def test_a_capture_of_nothing_needs_no_lines() -> None:
    assert left(order(SOCKS, captures=(capture(amount=0),))) == [("socks", 4, 2000)]


@pytest.mark.parametrize(
    ("sparse", "missing"),
    [
        (order(SOCKS, line("shirt", None, 1)), r"order_lines\[1\]\.quantity"),
        (order(line("shirt", 1, None)), r"order_lines\[0\]\.total_amount"),
        (order(SOCKS, captures=(capture(line("socks", None, 1)),)), r"captures\[0\]\.order_lines\[0\]\.quantity"),
        (order(SOCKS, captures=(capture(line("x", 1, None)),)), r"captures\[0\]\.order_lines\[0\]\.total_amount"),
        (Order(order_lines=(SOCKS,), captured_amount=0), "order_amount"),
    ],
)
def test_what_is_missing_is_named_and_not_guessed(sparse: Order, missing: str) -> None:
    with pytest.raises(ValueError, match=f"^{missing} is missing"):
        uncaptured_lines(sparse)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.integers(1, 999)), min_size=1), st.data())
def test_what_is_left_and_what_is_captured_add_up_to_the_order(sold: list[tuple[str, int, int]], data: Any) -> None:
    lines = tuple(line(*each) for each in sold)
    shipped = tuple(
        line(reference, data.draw(st.integers(0, quantity)), data.draw(st.integers(0, amount)))
        for reference, quantity, amount in sold
    )
    amounts = {"order_amount": sum(each[2] for each in sold) + 1, "captured_amount": 0}

    rest = left(order(*lines, captures=(capture(*shipped),), **amounts))

    assert sum(each[1] for each in rest) == sum(each[1] for each in sold) - sum(each.quantity or 0 for each in shipped)
    taken = sum(each.total_amount or 0 for each in shipped)
    assert sum(each[2] for each in rest) == sum(each[2] for each in sold) - taken


@pytest.mark.parametrize(
    "sample",
    [own(Order, "with empty strings and a capture without lines"), *published("docs_order_pl_captured.json")],
    ids=str,
)
def test_an_order_whose_capture_has_no_lines_is_judged_by_its_totals(sample: Sample) -> None:
    order = structuring.read(Order, sample.data)

    assert uncaptured_lines(order) == ()

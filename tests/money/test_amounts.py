from collections.abc import Callable
from typing import Any

import pytest

from klarna_om import structuring
from klarna_om.money import is_fully_captured, remaining_to_capture, remaining_to_refund, remaining_to_release
from klarna_om.types import Order
from tests.support.samples import Sample, own, published

Amount = Callable[[Order], int]


def order(captured: int, refunded: int = 0, released: int = 0, status: str | None = None) -> Order:
    return Order(
        order_amount=1000,
        captured_amount=captured,
        refunded_amount=refunded,
        remaining_authorized_amount=1000 - captured - released,
        status=status,
    )


@pytest.mark.parametrize(
    ("captured", "fully"),
    [(0, False), (400, False), (999, False), (1000, True), (1001, True)],
)
def test_an_order_is_fully_captured_once_its_whole_amount_is(captured: int, fully: bool) -> None:
    assert is_fully_captured(order(captured)) is fully


def test_an_order_whose_rest_was_released_is_not_fully_captured() -> None:
    released = order(400, released=600)

    assert not is_fully_captured(released)
    assert remaining_to_capture(released) == 0


def test_of_an_order_of_nothing_there_is_nothing_to_capture() -> None:
    assert is_fully_captured(Order(order_amount=0, captured_amount=0))


@pytest.mark.parametrize("remaining", [remaining_to_capture, remaining_to_release])
@pytest.mark.parametrize(
    ("status", "amount"),
    [
        ("AUTHORIZED", 600),
        ("PART_CAPTURED", 600),
        ("A_NEW_WORD", 600),
        (None, 600),
        ("CANCELLED", 0),
        ("EXPIRED", 0),
    ],
)
def test_what_remains_is_what_klarna_counts_until_the_order_is_over(
    remaining: Amount, status: str | None, amount: int
) -> None:
    assert remaining(order(400, status=status)) == amount


@pytest.mark.parametrize(("captured", "refunded", "rest"), [(0, 0, 0), (400, 0, 400), (400, 150, 250), (400, 400, 0)])
def test_what_is_captured_and_not_refunded_can_be_refunded(captured: int, refunded: int, rest: int) -> None:
    assert remaining_to_refund(order(captured, refunded)) == rest


@pytest.mark.parametrize(
    ("remaining", "amounts"),
    [
        (remaining_to_refund, {"captured_amount": 400, "refunded_amount": 401}),
        (remaining_to_capture, {"remaining_authorized_amount": -1}),
        (remaining_to_release, {"remaining_authorized_amount": -1}),
    ],
)
def test_what_remains_is_never_less_than_nothing(remaining: Amount, amounts: dict[str, Any]) -> None:
    assert remaining(Order(**amounts)) == 0


@pytest.mark.parametrize(
    ("ask", "given", "missing"),
    [
        (is_fully_captured, {}, "captured_amount"),
        (is_fully_captured, {"captured_amount": 1}, "order_amount"),
        (remaining_to_capture, {}, "remaining_authorized_amount"),
        (remaining_to_release, {}, "remaining_authorized_amount"),
        (remaining_to_refund, {"refunded_amount": 0}, "captured_amount"),
        (remaining_to_refund, {"captured_amount": 0}, "refunded_amount"),
    ],
)
def test_a_missing_amount_is_named_and_not_guessed(ask: Amount, given: dict[str, Any], missing: str) -> None:
    with pytest.raises(ValueError, match=f"^{missing} is missing in the order$"):
        ask(Order(**given))


@pytest.mark.parametrize(
    "sample",
    [own(Order, "with empty strings and a capture without lines"), *published("docs_order_pl_captured.json")],
    ids=str,
)
def test_a_captured_order_has_all_to_refund_and_nothing_to_capture(sample: Sample) -> None:
    order = structuring.read(Order, sample.data)

    assert is_fully_captured(order)
    assert (remaining_to_capture(order), remaining_to_refund(order)) == (0, order.captured_amount)

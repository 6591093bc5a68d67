"""An order can always be captured, refunded and changed with its own lines, as Klarna returned them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om import structuring
from klarna_om.checks import problems, warnings
from klarna_om.types import CaptureObject, Order, RefundObject, UpdateAuthorization
from klarna_om.types.limits import MONEY_MAX
from tests.support.samples import SAMPLES, Sample

ROUNDED = {
    "reference": "3FOR100",
    "name": "3 for 100",
    "quantity": 3,
    "unit_price": 3333,
    "total_discount_amount": 0,
    "total_amount": 10_000,
}
SHAPES: dict[str, dict[str, Any]] = {
    "rounded": ROUNDED,
    "texts that were never set": {**ROUNDED, "quantity_unit": "", "image_url": "", "product_url": "", "type": ""},
    "nulls": {**ROUNDED, "tax_rate": None, "image_url": None, "product_identifiers": None, "type": None},
    "with tax": {**ROUNDED, "tax_rate": 2500, "total_tax_amount": 2000, "type": "physical", "quantity_unit": "pcs."},
    "separate tax": {**ROUNDED, "quantity": 1, "type": "sales_tax", "total_tax_amount": 0},
    "discount": {**ROUNDED, "quantity": 1, "unit_price": -500, "total_amount": -500, "total_tax_amount": -100},
    "return fee": {**ROUNDED, "quantity": 1, "type": "return_fee", "tax_rate": 0, "total_tax_amount": 0},
    "a new type": {**ROUNDED, "type": "A_NEW_WORD", "subscription": None, "new": {"deep": [1]}},
}
AMOUNTS = st.integers(-MONEY_MAX, MONEY_MAX)
SUMS = {
    "quantity": st.integers(0, 10_000),
    "unit_price": AMOUNTS,
    "total_amount": AMOUNTS,
    "total_discount_amount": st.integers(0, MONEY_MAX),
    "tax_rate": st.integers(0, 2**31 - 1),
    "total_tax_amount": AMOUNTS,
}


def order_of(*lines: dict[str, Any], amount: int = 10_000) -> Order:
    return structuring.read(Order, json.dumps({"order_amount": amount, "order_lines": lines}).encode())


def requests_about(order: Order) -> tuple[Any, ...]:
    amount = order.order_amount or 0
    return (
        CaptureObject(captured_amount=amount, order_lines=order.order_lines),
        RefundObject(refunded_amount=amount, order_lines=order.order_lines),
        UpdateAuthorization(order_amount=amount, order_lines=order.order_lines),
    )


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
def test_lines_of_every_shape_can_be_sent_whatever_their_amounts(shape: str, data: st.DataObject) -> None:
    line = SHAPES[shape]
    other = {**line, **data.draw(st.fixed_dictionaries({}, optional=SUMS))}
    order = order_of(line, other, amount=data.draw(st.integers(0, MONEY_MAX)))

    for kustom in (False, True):
        assert [problems(content, kustom=kustom) for content in requests_about(order)] == [(), (), ()]


def test_lines_that_do_not_add_up_are_sent_with_a_warning() -> None:
    capture, *_ = requests_about(order_of(ROUNDED))

    (warning,) = warnings(capture)

    assert problems(capture) == ()
    assert warning.endswith("quantity * unit_price - total_discount_amount = 3 * 3333 - 0 = 9999, got 10000")


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if sample.cls is Order], ids=str)
def test_the_lines_of_every_known_order_can_be_sent(sample: Sample) -> None:
    order = structuring.read(Order, sample.data)

    assert [problems(request) for request in requests_about(order)] == [()] * 3

"""Documents in every shape that Klarna published, or that was recorded, are read; requests are written as they were."""

import json
from typing import Any

import msgspec
import pytest

from klarna_om.structuring import fast_path, read, to_dict, write
from klarna_om.types import Order
from tests.support.samples import ANSWERS, ODD_TIMES, REQUESTS, SAMPLES, Sample, own, published

UNKNOWN_FIELDS = {
    "authorized_payment_method_v1",
    "flags",
    "loyalty",
    "order_tax_amount",
    "reason",
    "service_version",
    "timestamp",
}
"""What samples have and the specification has not."""
PLAIN_ORDERS = [
    own(Order, "as it is before it is captured, with fields that are not specified"),
    *published("real_order_gb_paybycard.json"),
]

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)
every_request = pytest.mark.parametrize("sample", REQUESTS, ids=str)
every_answer = pytest.mark.parametrize("sample", ANSWERS, ids=str)


def known(sample: Sample) -> dict[str, Any]:
    """The document without the fields that no type has: an order in a refund is one of them."""
    foreign = {"order_id"} if sample.cls.__name__ == "Refund" else set()
    return {name: value for name, value in sample.document.items() if name not in UNKNOWN_FIELDS | foreign}


@every_sample
def test_every_document_is_read_on_the_fast_path(sample: Sample) -> None:
    lane = fast_path.decoder_of(sample.cls)

    assert lane is not None
    assert lane(sample.data) == read(sample.cls, sample.data)


@every_request
def test_every_request_comes_back_unchanged(sample: Sample) -> None:
    request = read(sample.cls, sample.data)

    assert json.loads(write(request)) == sample.document == to_dict(request)


@every_answer
def test_every_answer_keeps_all_that_the_types_know(sample: Sample) -> None:
    document = known(sample)

    answer = read(sample.cls, json.dumps(document).encode())

    assert set(to_dict(answer)) == {name for name, value in document.items() if value != []}
    assert read(sample.cls, write(answer)) == answer


@pytest.mark.parametrize("sample", PLAIN_ORDERS, ids=str)
def test_an_order_has_all_that_klarna_sent(sample: Sample) -> None:
    document = sample.document

    order = read(Order, sample.data)

    assert (order.status, order.order_amount) == ("AUTHORIZED", document["order_amount"])
    assert order.remaining_authorized_amount == document["remaining_authorized_amount"] == order.order_amount
    assert order.expires_at is not None
    assert order.expires_at.isoformat() == document["expires_at"].replace(".000Z", "+00:00")
    assert order.customer is not None
    assert order.customer.type == "person"
    assert [line.total_amount for line in order.order_lines] == [document["order_lines"][0]["total_amount"]]
    assert (order.captures, order.refunds, order.shipping_info) == ((), (), ())


def test_a_time_that_does_not_exist_is_left_out_by_the_strict_lane() -> None:
    lane = fast_path.decoder_of(Order)
    assert lane is not None

    with pytest.raises((msgspec.MsgspecError, ValueError)):
        lane(ODD_TIMES.data)
    order = read(Order, ODD_TIMES.data)

    assert (order.order_amount, order.created_at, order.expires_at) == (1, None, None)
    assert order.customer is not None
    assert order.customer.date_of_birth is None

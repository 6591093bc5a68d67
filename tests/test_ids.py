"""Ids go out as Klarna knows them: in lower case where they are UUIDs."""

from uuid import UUID

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import InvalidRequest
from klarna_om.ids import normalize_id
from klarna_om.types import CaptureObject
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire, json_answer


@pytest.mark.parametrize("order_id", [ORDER_ID.upper(), UUID(ORDER_ID), ORDER_ID])
async def test_an_order_id_goes_out_in_lower_case(klarna: KlarnaClient, server: Wire, order_id: str | UUID) -> None:
    await klarna.orders.acknowledge(order_id)

    assert server.requests[0].path == f"/ordermanagement/v1/orders/{ORDER_ID}/acknowledge"


async def test_every_id_of_a_path_may_be_a_uuid(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = json_answer({"capture_id": ORDER_ID})

    capture = await klarna.captures.get(UUID(ORDER_ID), UUID(ORDER_ID))

    assert capture.capture_id == ORDER_ID
    assert server.requests[0].path == f"/ordermanagement/v1/orders/{ORDER_ID}/captures/{ORDER_ID}"


async def test_two_spellings_of_an_id_are_one_request(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(201, {"Capture-Id": "c"})
    for order_id in (ORDER_ID, ORDER_ID.upper()):
        await klarna.captures.create(order_id, CaptureObject(captured_amount=1), idempotency_key="k")

    assert len({request.raw for request in server.requests}) == 1


@pytest.mark.parametrize("value", ["Shop-7", "", None, 7, "ABCDEF"])
def test_what_is_no_uuid_is_left_as_it_is(value: object) -> None:
    assert normalize_id(value) == value


async def test_another_kind_of_id_is_named(klarna: KlarnaClient) -> None:
    with pytest.raises(InvalidRequest, match="order_id: must be"):
        await klarna.orders.get(7)  # type: ignore[arg-type]

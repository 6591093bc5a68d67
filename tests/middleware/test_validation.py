"""A bad request is not sent, unless the caller says so."""

import asyncio
import json
import logging
import pickle
from typing import Any

import pytest

from klarna_om import structuring
from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError, InvalidRequest
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.options import Options
from klarna_om.outcome import Outcome
from klarna_om.settings.environment import Environment
from klarna_om.types import (
    Address,
    CaptureObject,
    OrderLine,
    RefundObject,
    ShippingInfo,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)
from tests.conftest import MakeClient
from tests.support.calls import CALLS, CAPTURE_ID, ORDER_ID, REFUND_ID
from tests.support.wire import Answer, Wire

BAD = CaptureObject(
    captured_amount=-1, order_lines=[OrderLine(name="x" * 256, quantity=1, unit_price=500, total_amount=500)]
)
AGAINST_ADVICE = UpdateMerchantReferences(merchant_reference1="<b>Klara</b>")
CREATED = Answer(201, {"Capture-Id": "c"})


async def test_a_bad_request_sends_no_byte_and_reports_every_problem(klarna: KlarnaClient, server: Wire) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await klarna.captures.create(ORDER_ID, BAD, idempotency_key="k")

    error = caught.value
    assert error.problems == (
        "captured_amount: must be at least 0, got -1",
        "order_lines[0].name: must have at most 255 characters, got 256",
    )
    assert all(problem in str(error) for problem in error.problems)
    assert (error.outcome, error.operation, error.order_id) == (Outcome.NOT_SENT, "captures.create", ORDER_ID)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
    assert not server.requests
    assert not server.connections


async def test_a_refused_request_does_not_take_its_key(klarna: KlarnaClient, server: Wire) -> None:
    server.will(CREATED)

    with pytest.raises(InvalidRequest):
        await klarna.captures.create(ORDER_ID, BAD, idempotency_key="k")
    await klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=1), idempotency_key="k")

    assert [seen.key for seen in server.requests] == ["k"]


async def test_an_error_never_repeats_a_string(klarna: KlarnaClient) -> None:
    bad = UpdateConsumer(shipping_address=Address(given_name="Klara" * 30, phone=467012345, city="Oslo" * 90))  # type: ignore[arg-type]

    with pytest.raises(InvalidRequest) as caught:
        await klarna.orders.update_customer_details(ORDER_ID, bad)

    shown = f"{caught.value} {caught.value!r} {caught.value.explain()}"
    assert len(caught.value.problems) == 3
    assert not [text for text in ("Klara", "46701", "Oslo") if text in shown]


async def test_a_client_without_validation_sends_what_it_is_given(make_client: MakeClient, server: Wire) -> None:
    server.will(CREATED)

    assert await make_client(validate=False).captures.create(ORDER_ID, BAD) == "c"

    assert structuring.read(CaptureObject, server.requests[0].body) == BAD


async def test_validation_is_switched_off_for_one_call(klarna: KlarnaClient, server: Wire) -> None:
    server.will(CREATED)

    await klarna.with_options(validate=False).captures.create(ORDER_ID, BAD)
    with pytest.raises(InvalidRequest):
        await klarna.captures.create(ORDER_ID, BAD)

    assert len(server.requests) == 1


async def test_a_warning_is_logged_and_the_request_is_sent(
    klarna: KlarnaClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    await klarna.orders.update_merchant_references(ORDER_ID, AGAINST_ADVICE, idempotency_key="k")

    (record,) = caplog.records
    words = "merchant_reference1: should have no HTML, CSS, JavaScript or control characters"
    assert record.name == "klarna_om.warnings"
    assert record.getMessage() == f"orders.update_merchant_references {ORDER_ID}: {words}"
    assert {name: value for name, value in vars(record).items() if name.startswith("klarna_")} == {
        "klarna_operation": "orders.update_merchant_references",
        "klarna_order_id": ORDER_ID,
        "klarna_idempotency_key": "k",
        "klarna_warnings": (words,),
    }
    assert len(server.requests) == 1


async def test_an_order_is_captured_with_the_rounded_lines_that_klarna_stored(
    klarna: KlarnaClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    rounded = OrderLine(name="3 for 100", quantity=3, unit_price=3333, total_amount=10_000)
    server.will(CREATED)

    await klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=10_000, order_lines=[rounded]))

    assert len(server.requests) == 1
    assert "= 3 * 3333 - 0 = 9999, got 10000" in caplog.text


async def test_many_warnings_are_counted_in_the_message_and_listed_in_a_field(
    klarna: KlarnaClient, caplog: pytest.LogCaptureFixture
) -> None:
    parcels = [ShippingInfo(shipping_method="Pigeon")] * 7

    await klarna.orders.add_shipping_info(ORDER_ID, UpdateShippingInfo(shipping_info=parcels))

    (record,) = caplog.records
    assert record.getMessage().endswith("; and 2 more")
    assert record.getMessage().count("shipping_method") == 5
    assert len(vars(record)["klarna_warnings"]) == 7


async def test_warnings_are_silenced_by_the_level_of_their_logger(
    klarna: KlarnaClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "klarna_om.warnings")

    await klarna.orders.update_merchant_references(ORDER_ID, AGAINST_ADVICE)

    assert not caplog.records
    assert len(server.requests) == 1


async def test_a_strict_client_refuses_what_draws_a_warning(
    make_client: MakeClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    bad = RefundObject(
        refunded_amount=-1,
        order_lines=[OrderLine(type="balloon", name="x", quantity=1, unit_price=1, total_amount=1)],
    )

    with pytest.raises(InvalidRequest) as caught:
        await make_client(validate="strict").refunds.create(ORDER_ID, bad)

    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        "refunded_amount",
        "refunded_amount",
        "order_lines[0].type",
    ]
    assert not server.requests
    assert not caplog.records


async def test_a_strict_client_sends_what_is_good(make_client: MakeClient, server: Wire) -> None:
    server.will(CREATED)
    line = OrderLine(type="physical", name="Socks", quantity=2, unit_price=500, total_amount=1000)

    await make_client(validate="strict").captures.create(
        ORDER_ID, CaptureObject(captured_amount=1000, order_lines=[line])
    )

    assert len(server.requests) == 1


async def test_kustoms_rules_are_those_of_its_environment(make_client: MakeClient, server: Wire) -> None:
    without_lines = UpdateAuthorization(order_amount=900)
    kustom = make_client(Environment("kustom here", server.url, is_kustom=True))

    with pytest.raises(InvalidRequest, match="order_lines: must be there"):
        await kustom.orders.update_authorization(ORDER_ID, without_lines)
    with pytest.raises(InvalidRequest, match="order_id: must be shaped like a UUID"):
        await kustom.orders.get("order-17")
    await make_client().orders.update_authorization("order-17", without_lines)

    assert [seen.path for seen in server.requests] == ["/ordermanagement/v1/orders/order-17/authorization"]


async def test_a_body_too_large_for_klarna_is_not_sent(klarna: KlarnaClient, server: Wire) -> None:
    with pytest.raises(InvalidRequest, match="body: must have at most 1000000 bytes, got 1000014"):
        await klarna.request("POST", "/ordermanagement/v2/new", content={"new": "x" * 1_000_004})

    assert not server.requests


@pytest.mark.parametrize("name", CALLS)
async def test_every_operation_passes_with_what_is_right(make_client: MakeClient, server: Wire, name: str) -> None:
    ids = {"order_id": ORDER_ID, "capture_id": CAPTURE_ID, "refund_id": REFUND_ID, "options": [{}]}
    server.otherwise = Answer(
        200,
        {"Content-Type": "application/json", "Capture-Id": "c", "Refund-Id": "r"},
        b"[]" if "list" in name else json.dumps(ids).encode(),
    )

    await CALLS[name](make_client())

    assert len(server.requests) == 1


async def test_what_the_callers_own_middleware_makes_of_a_request_is_what_is_checked(
    make_client: MakeClient, server: Wire
) -> None:
    async def correct(request: Request, below: Handler) -> Response:
        content = CaptureObject(captured_amount=100)
        return await below(request.with_changes(content=content, body=structuring.write(content)))

    server.will(CREATED)

    await make_client(middleware=[correct]).captures.create(ORDER_ID, BAD)

    assert server.requests[0].body == b'{"captured_amount":100}'


async def test_of_200_calls_at_once_only_the_bad_ones_are_refused(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = CREATED
    amounts = [-1 if number % 3 == 0 else number for number in range(200)]

    results = await asyncio.gather(
        *(klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=amount)) for amount in amounts),
        return_exceptions=True,
    )

    assert [isinstance(result, InvalidRequest) for result in results] == [amount == -1 for amount in amounts]
    assert len(server.requests) == len([amount for amount in amounts if amount != -1])


@pytest.mark.parametrize("word", ["Strict", "yes", None, 2])
def test_validate_has_three_values(word: Any) -> None:
    with pytest.raises(ConfigurationError, match="validate is True, False or 'strict', not"):
        Options(validate=word)

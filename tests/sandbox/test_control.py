"""The control endpoints, for tests that run the sandbox in another process."""

import asyncio
import json

import pytest

from klarna_om.sandbox import Sandbox
from tests.sandbox.caller import Caller, RawResponse
from tests.sandbox.shop import run_shop

NO_CREDENTIALS = {"Authorization": ""}


async def get(caller: Caller, name: str, **headers: str) -> RawResponse:
    return await caller.send("GET", f"/_sandbox/{name}", headers={**NO_CREDENTIALS, **headers})


async def post(caller: Caller, name: str, text: str, **headers: str) -> RawResponse:
    return await caller.send(
        "POST", f"/_sandbox/{name}", body=text.encode("latin-1"), headers={**NO_CREDENTIALS, **headers}
    )


async def test_effects_are_counted_by_operation_with_the_repeated_orders(caller: Caller) -> None:
    await caller.acknowledge()
    await caller.acknowledge()
    await caller.capture(500, key="one")
    await caller.capture(500, key="one")

    effects = (await get(caller, "effects")).json

    assert effects == {
        "orders.acknowledge": {"total": 2, "orders": 1, "repeated": 1, "more_than_once": [caller.order_id]},
        "captures.create": {"total": 1, "orders": 1, "repeated": 0, "more_than_once": []},
    }


async def test_requests_are_counted_by_status_and_by_fault_with_the_replays(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=503)
    sandbox.fail_next(1, fault="html-502")
    for key in ("one", "one", "one", "one", None):
        await caller.acknowledge(key)

    requests = (await get(caller, "requests")).json

    assert requests == {
        "total": 5,
        "replayed": 1,
        "by_status": {"503": 1, "502": 1, "204": 3},
        "by_fault": {"status": 1, "html-502": 1},
    }


async def test_a_request_without_a_response_has_the_status_none(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="reset-before")
    with pytest.raises(OSError, match="reset"):
        await caller.acknowledge()

    requests = (await get(caller, "requests")).json

    assert requests["by_status"] == {"none": 1}


async def test_the_clock_can_be_advanced(caller: Caller, sandbox: Sandbox) -> None:
    response = await post(caller, "clock", "3600")

    assert response.json == {"now": "2023-11-15T13:00:00+00:00"}
    assert sandbox.clock.now.hour == 13


async def test_the_fault_plan_can_be_changed(caller: Caller) -> None:
    await post(caller, "faults", "error-before=1,in-a-row=99")
    with_faults = await caller.acknowledge()
    await post(caller, "faults", "none")
    without_faults = await caller.acknowledge()

    assert (with_faults.status, without_faults.status) == (503, 204)


@pytest.mark.parametrize(("text", "limit"), [("7", 7), ("none\n", None)])
async def test_the_limit_can_be_changed(caller: Caller, sandbox: Sandbox, text: str, limit: int | None) -> None:
    response = await post(caller, "limit", text)

    assert response.json == {"limit": limit}
    assert sandbox.limit == limit


async def test_an_order_can_be_added_with_fields_and_options(caller: Caller, sandbox: Sandbox) -> None:
    fields = {"order_amount": 5_000, "merchant_reference1": "A-17", "captured_amount": 500, "appears_after": 0.5}

    response = await post(caller, "orders", json.dumps({**fields, "extra_fields": {"something_new": 1}}))

    order_id = response.json["order_id"]
    assert (response.status, response.headers["Content-Type"]) == (201, "application/json")
    assert (response.json["order_amount"], response.json["captured_amount"]) == (5_000, 500)
    assert sandbox.get(order_id).merchant_reference1 == "A-17"
    sandbox.clock.advance(seconds=1)
    read = await caller.send("GET", f"/ordermanagement/v1/orders/{order_id}")
    assert read.json["something_new"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "an order is a JSON object"),
        ("{", "an order is a JSON object"),
        ("\xff", "an order is a JSON object"),
        ('{"amount": 12}', "an order has no field amount; did you mean order_amount?"),
        ('{"status": "CAPTURED"}', "only CANCELLED and CLOSED can be set"),
        ('{"refunded_amount": 1}', "refunded_amount cannot be set"),
        ('{"order_amount": "5"}', "order_amount: expected an int"),
        ('{"order_amount": 5, "captured_amount": "5"}', "Expected `int`, got `str` - at `$.captured_amount`"),
        ('{"push_url": "http://shop.example/{checkout.order.id}"}', "shop.example is another machine"),
    ],
)
async def test_an_order_that_cannot_be_is_a_400_and_not_added(
    caller: Caller, sandbox: Sandbox, text: str, message: str
) -> None:
    before = list(sandbox.order_ids)

    response = await post(caller, "orders", text)

    assert (response.status, message in response.body.decode()) == (400, True), response.body
    assert list(sandbox.order_ids) == before


async def test_a_fraud_review_can_be_ended(caller: Caller, sandbox: Sandbox) -> None:
    path = f"orders/{caller.order_id}/fraud_status"

    responses = [await post(caller, path, status) for status in ("PENDING", "REJECTED\n", "FINE")]
    unknown = await post(caller, "orders/7849fd84-47dc-4919-a7ce-47b9f461562f/fraud_status", "ACCEPTED")

    assert [each.status for each in (*responses, unknown)] == [200, 200, 400, 404]
    assert responses[1].json == {"fraud_status": "REJECTED"}
    assert sandbox.get(caller.order_id).fraud_status == "REJECTED"


async def test_due_pushes_can_be_sent_and_listed(caller: Caller, sandbox: Sandbox) -> None:
    async with run_shop() as shop:
        order_id = (await post(caller, "orders", json.dumps({"push_url": shop.push_url}))).json["order_id"]
        before = (await get(caller, "pushes")).json
        await post(caller, "clock", "120")
        sent = (await post(caller, "pushes", "")).json

    assert before == []
    assert [(push["kind"], push["order_id"], push["status"]) for push in sent] == [("push", order_id, 200)]
    assert (await get(caller, "pushes")).json == sent
    assert len(shop.received) == 1


@pytest.mark.parametrize("name", ["clock", "faults", "limit"])
async def test_an_invalid_value_is_a_400_with_the_reason(caller: Caller, name: str) -> None:
    response = await post(caller, name, "nonsense")

    assert response.status == 400
    assert b"nonsense" in response.body


async def test_an_infinite_time_is_a_400(caller: Caller) -> None:
    response = await post(caller, "clock", "inf")

    assert response.status == 400


@pytest.mark.parametrize("origin", ["https://example.com", "http://127.0.0.1:8420", "null", ""])
@pytest.mark.parametrize("name", ["clock", "faults", "limit", "orders"])
async def test_a_request_with_an_origin_header_is_a_403(
    caller: Caller, sandbox: Sandbox, name: str, origin: str
) -> None:
    before = (sandbox.clock.now, sandbox.faults, sandbox.limit, list(sandbox.order_ids))

    response = await post(
        caller, name, "{}" if name == "orders" else "1" if name != "faults" else "slow=1", Origin=origin
    )

    assert response.status == 403
    assert b"Origin" in response.body
    assert (sandbox.clock.now, sandbox.faults, sandbox.limit, list(sandbox.order_ids)) == before


@pytest.mark.parametrize(
    "host",
    ["example.com", "example.com:8420", "127.0.0.1.example.com", "192.0.2.1", "localhost.example.com", "[::1", ""],
)
@pytest.mark.parametrize("name", ["effects", "requests"])
async def test_a_request_for_the_host_name_of_a_web_page_is_a_403(caller: Caller, name: str, host: str) -> None:
    response = await get(caller, name, Host=host)

    assert response.status == 403
    assert b"Host" in response.body


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8420", "127.0.0.1", "127.9.9.9:80", "[::1]:8420"])
async def test_a_request_for_a_loopback_host_is_accepted(caller: Caller, host: str) -> None:
    response = await get(caller, "effects", Host=host)

    assert response.status == 200


async def test_a_request_for_the_address_that_the_sandbox_listens_on_is_accepted() -> None:
    async with Sandbox(host="0.0.0.0", allow_remote=True) as sandbox:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
        writer.write(b"GET /_sandbox/effects HTTP/1.1\r\nHost: 0.0.0.0:80\r\nConnection: close\r\n\r\n")
        response = await reader.read()
        writer.close()

    assert response.startswith(b"HTTP/1.1 200 OK\r\n")

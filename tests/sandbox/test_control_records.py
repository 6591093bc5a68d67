"""The control endpoints that another language reads: the log, an order with its effects, the index, the rules."""

import json
from typing import Any

import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.rules.table import RULES
from tests.sandbox.caller import Caller, RawResponse


async def send(caller: Caller, method: str, path: str, document: Any = None) -> RawResponse:
    body = None if document is None else json.dumps(document).encode()
    return await caller.send(method, f"/_sandbox{path}", body=body)


async def test_the_log_has_headers_key_status_and_fault_but_no_credentials(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=503)
    await caller.capture(500, key="one")

    (entry,) = (await send(caller, "GET", "/log")).json

    assert (entry["operation"], entry["method"], entry["status"]) == ("captures.create", "POST", 503)
    assert entry["path"] == f"/ordermanagement/v1/orders/{caller.order_id}/captures"
    assert (entry["key"], entry["fault"]) == ("one", "status")
    assert entry["headers"]["Klarna-Idempotency-Key"] == "one"
    assert entry["headers"]["Content-Type"] == "application/json"
    assert "authorization" not in {name.lower() for name in entry["headers"]}


async def test_the_log_is_filtered_and_its_end_is_what_a_limit_leaves(caller: Caller) -> None:
    await caller.acknowledge("one")
    await caller.capture(100, key="two")
    await caller.capture(200, key="three")

    queries = ("", "?operation=captures.create", "?key=one", "?order_id=other", "?limit=2", "?key=three&limit=1")
    found = [[entry["key"] for entry in (await send(caller, "GET", f"/log{query}")).json] for query in queries]

    assert found == [["one", "two", "three"], ["two", "three"], ["one"], [], ["two", "three"], ["three"]]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("status=503", "the log has no filter status; there are key, limit, operation, order_id"),
        ("operation=capture", "no operation 'capture'"),
        ("limit=0", "limit=0: it is a number of requests, 1 or more"),
        ("limit=many", "many"),
    ],
)
async def test_a_filter_that_cannot_be_is_a_400_with_the_reason(caller: Caller, query: str, message: str) -> None:
    response = await send(caller, "GET", f"/log?{query}")

    assert (response.status, message in response.body.decode()) == (400, True), response.body


async def test_an_order_shows_its_effects_and_those_of_each_reference(caller: Caller) -> None:
    await caller.call("POST", "/captures", {"captured_amount": 300, "reference": "parcel-1"})
    await caller.call("POST", "/captures", {"captured_amount": 300, "reference": "parcel-1"})
    await caller.capture(100)
    await caller.call("POST", "/refunds", {"refunded_amount": 50, "reference": "return-1"})

    answer = (await send(caller, "GET", f"/orders/{caller.order_id}")).json

    assert answer["order"]["captured_amount"] == 700
    assert answer["is_acknowledged"] is True
    assert answer["effects"] == {"captures.create": 3, "refunds.create": 1}
    assert answer["intents"] == [
        {"operation": "captures.create", "reference": "parcel-1", "effects": 2},
        {"operation": "captures.create", "reference": None, "effects": 1},
        {"operation": "refunds.create", "reference": "return-1", "effects": 1},
    ]


async def test_orders_are_listed_and_an_unknown_one_is_a_404(caller: Caller, sandbox: Sandbox) -> None:
    added = (await send(caller, "POST", "/orders", {})).json["order_id"]

    listed = (await send(caller, "GET", "/orders")).json
    unknown = await send(caller, "GET", "/orders/7849fd84-47dc-4919-a7ce-47b9f461562f")

    assert listed == [caller.order_id, added]
    assert (unknown.status, b"POST /_sandbox/orders adds one" in unknown.body) == (404, True)
    assert sandbox.request_count == 0


async def test_the_index_lists_every_endpoint_and_the_rules_have_sources(caller: Caller, sandbox: Sandbox) -> None:
    index, rules = (await send(caller, "GET", "")).json, (await send(caller, "GET", "/rules")).json

    assert [(row["method"], row["path"]) for row in index] == [
        (endpoint.method, endpoint.route) for endpoint in sandbox._control.table()
    ]
    assert all(row["what"] for row in index)
    assert [rule["name"] for rule in rules] == [rule.name for rule in RULES]
    assert {"rule", "basis", "source", "url"} < rules[0].keys()


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/effect", "there is no control endpoint GET /_sandbox/effect; GET /_sandbox lists what there is"),
        ("PUT", "/orders", "there is no control endpoint PUT /_sandbox/orders; it takes GET and POST"),
    ],
)
async def test_an_unknown_endpoint_is_a_404_with_what_there_is(
    caller: Caller, method: str, path: str, message: str
) -> None:
    response = await send(caller, method, path)

    assert (response.status, response.body.decode()) == (404, f"{message}\n")

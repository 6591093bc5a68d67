"""Failures and a new start, over HTTP."""

import json
from typing import Any

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from tests.sandbox.caller import Caller, RawResponse
from tests.sandbox.ledger_driver import NOON
from tests.sandbox.shop import run_shop


async def send(caller: Caller, method: str, path: str, document: Any = None) -> RawResponse:
    body = None if document is None else json.dumps(document).encode()
    return await caller.send(method, f"/_sandbox{path}", body=body)


async def test_the_next_requests_fail_as_they_are_told(caller: Caller) -> None:
    headers = {"Retry-After": "7"}

    response = await send(caller, "POST", "/failures", {"times": 2, "status": 503, "headers": headers})
    answers = [await caller.acknowledge() for _ in range(3)]

    assert response.json == {"times": 2, "status": 503, "headers": headers}
    assert [answer.status for answer in answers] == [503, 503, 204]
    assert answers[0].headers["Retry-After"] == "7"


async def test_failures_of_one_operation_and_order_leave_others_alone(caller: Caller, sandbox: Sandbox) -> None:
    only = {"fault": "error-before", "operation": "captures.create", "order_id": caller.order_id}
    await send(caller, "POST", "/failures", only)

    statuses = [(await caller.acknowledge()).status, (await caller.capture(100)).status]

    assert statuses == [204, 503]


async def test_failures_that_are_left_can_be_dropped(caller: Caller) -> None:
    await send(caller, "POST", "/failures", {"status": 503})

    await send(caller, "DELETE", "/failures")

    assert (await caller.acknowledge()).status == 204


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "give one of status= and fault="),
        ({"kind": "cut"}, "a failure has no field kind; there are times, status, fault"),
        ({"status": "503"}, "Expected `int | null`, got `str` - at `$.status`"),
        ({"fault": "lightning"}, "no fault 'lightning'; available are"),
        ({"status": 503, "operation": "capture"}, "no operation 'capture'"),
        ({"status": 503, "times": 0}, "at least one request must fail"),
        ([], "a failure is a JSON object, not []"),
    ],
)
async def test_a_failure_that_cannot_be_is_a_400(caller: Caller, document: Any, message: str) -> None:
    response = await send(caller, "POST", "/failures", document)

    assert (response.status, message in response.body.decode()) == (400, True), response.body
    assert (await caller.acknowledge()).status == 204


async def test_a_request_that_is_delivered_twice_has_two_effects_without_a_key(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.fail_next(2, fault="duplicated")

    with_key = await caller.capture(100, key="one")
    without_key = await caller.capture(100)

    assert (with_key.status, without_key.status) == (201, 201)
    assert sandbox.effects(caller.order_id, "captures.create") == 3
    assert sandbox.request_count == 2


async def test_a_new_start_forgets_everything_that_happened() -> None:
    async with run_shop() as shop, Sandbox(2, faults="none", limit=9) as sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox, session)
        seeded, *_ = sandbox.order_ids
        caller.order_id = seeded
        await caller.capture(1, key="one")
        first = sandbox.order(push_url=shop.push_url).order_id
        await send(caller, "POST", "/scenarios/outage")
        await send(caller, "POST", "/failures", {"status": 503})
        sandbox.faults, sandbox.limit = "error-before=1", 1
        sandbox.clock.advance(days=1)
        await sandbox.send_due_pushes()
        sent_before = len(sandbox.pushes)

        response = await send(caller, "POST", "/reset")

        assert (response.status, sent_before > 0) == (200, True)
        assert (sandbox.effects(), sandbox.request_count, sandbox.replays, sandbox.pushes) == (0, 0, 0, ())
        assert (len(list(sandbox.order_ids)), sandbox.get(seeded).captured_amount) == (2, 0)
        assert (sandbox.limit, sandbox.faults.rates) == (9, ())
        assert (await send(caller, "GET", "/scenarios/outage/verdict")).status == 404
        assert (await caller.capture(1, key="one")).status == 201
        assert sandbox.effects() == 1
        sandbox.order()
        assert sandbox.order().order_id == first
        await sandbox.send_due_pushes()
        assert sandbox.pushes == ()


async def test_a_new_start_sets_the_clock_back(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.clock.advance(days=1)

    await send(caller, "POST", "/reset")

    assert sandbox.clock() == NOON

"""Every fault over a real connection: what the client gets, and what was executed."""

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.faults import AFTER_EFFECT, KINDS
from tests.sandbox.caller import ROOT, Caller, basic_auth
from tests.support.time import Sleeps


async def raw(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes and read until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()


class PausedSleep:
    """A sleep that lasts until the test calls `end`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def __call__(self, _: float) -> None:
        await self._event.wait()

    def end(self) -> None:
        self._event.set()


def has_errors(caplog: pytest.LogCaptureFixture) -> bool:
    return any(entry.levelno >= logging.ERROR for entry in caplog.records)


def post(sandbox: Sandbox, path: str, body: bytes = b"") -> bytes:
    auth = basic_auth(sandbox.username, sandbox.password)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {auth}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"hang", "hang-after"}))
async def test_a_fault_happens_once_and_before_or_after_the_effect(
    caller: Caller, sandbox: Sandbox, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail_next(1, fault=kind)

    with contextlib.suppress(aiohttp.ClientError):
        await caller.acknowledge("one")
    effects_of_first_call = sandbox.acknowledgements
    sandbox.clock.advance(seconds=1)
    second = await caller.acknowledge("one")

    assert effects_of_first_call == (1 if kind in AFTER_EFFECT | {"slow"} else 0)
    assert (second.status, sandbox.acknowledgements) == (204, 1)
    assert [request.fault for request in sandbox.requests] == [kind, ""]
    assert not has_errors(caplog)


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("error-before", 503, "application/json"),
        ("error-after", 500, "application/json"),
        ("html-502", 502, "text/html; charset=utf-8"),
        ("html-200", 200, "text/html; charset=utf-8"),
        ("redirect", 302, "text/html; charset=utf-8"),
        ("burst-429", 429, "application/json"),
    ],
)
async def test_a_faulty_response_has_its_status_and_content_type(
    caller: Caller, sandbox: Sandbox, kind: str, status: int, content_type: str
) -> None:
    sandbox.fail_next(1, fault=kind)

    response = await caller.acknowledge()

    assert (response.status, response.headers["Content-Type"]) == (status, content_type)
    assert "X-Ratelimit-Limit" in response.headers
    assert sandbox.requests[-1].status == status


async def test_a_refusal_is_never_turned_into_a_success(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="html-200")

    response = await caller.send("POST", f"{ROOT}/00000000-0000-4000-8000-000000000000/cancel")

    assert (response.status, response.error_code) == (404, "NO_SUCH_ORDER")


async def test_a_client_that_follows_a_redirect_gets_a_200_without_an_effect(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="redirect")

    redirect = await caller.acknowledge()
    followed = await caller.send("GET", redirect.headers["Location"].removeprefix(sandbox.url))

    assert followed.status == 200
    assert sandbox.acknowledgements == 0


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
async def test_a_reset_is_no_orderly_end_of_the_connection(caller: Caller, sandbox: Sandbox, kind: str) -> None:
    sandbox.fail_next(1, fault=kind)

    with pytest.raises(ConnectionResetError):
        await raw(sandbox, post(sandbox, f"{ROOT}/{caller.order_id}/acknowledge"))


async def test_a_response_with_a_body_is_truncated_in_its_body(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="cut")

    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.call("GET", "")
    assert sandbox.requests[-1].status == 200


async def test_a_response_without_a_body_is_truncated_in_its_headers(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="cut")

    response = await raw(sandbox, post(sandbox, f"{ROOT}/{caller.order_id}/captures", b'{"captured_amount": 500}'))

    assert response.startswith(b"HTTP/1.1 201 Created\r\n")
    assert b"\r\n\r\n" not in response
    assert sandbox.requests[-1].status is None
    assert sandbox.get(caller.order_id).captured_amount == 500


@pytest.mark.parametrize(("kind", "effects"), [("hang", 0), ("hang-after", 1)])
async def test_a_hang_lasts_until_the_sandbox_stops(kind: str, effects: int) -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox() as sandbox:
            sandbox.fail_next(1, fault=kind)
            caller = Caller(sandbox, session)
            call = asyncio.create_task(caller.acknowledge("one"))
            while not sandbox.requests:
                await asyncio.sleep(0)

            assert not call.done()
            assert sandbox.acknowledgements == effects
            assert (await caller.acknowledge("one")).status == 204
            assert sandbox.acknowledgements == 1
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_a_slow_response_takes_the_requested_seconds(caller: Caller, sandbox: Sandbox, sleeps: Sleeps) -> None:
    sandbox.fail_next(1, fault="slow", seconds=30)
    sandbox.fail_next(1, fault="slow")

    statuses = [(await caller.acknowledge()).status for _ in range(2)]

    assert statuses == [204, 204]
    assert sleeps.durations == [30, 1]


async def test_a_repeat_of_a_slow_call_waits_for_its_response() -> None:
    sleep = PausedSleep()
    async with Sandbox(sleep=sleep) as sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox, session)
        sandbox.fail_next(1, fault="slow")
        calls = [asyncio.create_task(caller.capture(500, key="one")) for _ in range(2)]
        await asyncio.wait(calls, timeout=0.05)
        effects_while_waiting = sandbox.effects()
        sleep.end()
        first, second = await asyncio.gather(*calls)

        assert effects_while_waiting == 0
        assert first.headers["Capture-Id"] == second.headers["Capture-Id"]
        assert sandbox.effects() == 1


async def test_a_call_is_executed_although_its_client_disconnected() -> None:
    sleep = PausedSleep()
    async with Sandbox(sleep=sleep) as sandbox:
        order_id = sandbox.order().order_id
        sandbox.fail_next(1, fault="slow")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await raw(sandbox, post(sandbox, f"{ROOT}/{order_id}/acknowledge"))

        sleep.end()
        while not sandbox.requests:
            await asyncio.sleep(0)

        assert sandbox.acknowledgements == 1


@pytest.mark.parametrize("kind", ["reset-after", "cut"])
async def test_a_connection_fault_after_the_client_disconnected_is_no_error(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    sleep = PausedSleep()
    async with Sandbox(sleep=sleep) as sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox, session)
        sandbox.fail_next(1, fault="slow")
        sandbox.fail_next(1, fault=kind)
        slow = asyncio.create_task(caller.acknowledge("one"))
        await asyncio.wait([slow], timeout=0.05)
        waiting = asyncio.create_task(caller.acknowledge("one"))
        await asyncio.wait([waiting], timeout=0.05)
        waiting.cancel()
        await asyncio.wait([slow], timeout=0.05)
        sleep.end()

        assert (await slow).status == 204
        assert sandbox.acknowledgements == 1
    assert not has_errors(caplog)


async def test_stopping_does_not_wait_for_a_slow_response() -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox() as sandbox:
            sandbox.fail_next(1, fault="slow", seconds=3600)
            call = asyncio.create_task(Caller(sandbox, session).acknowledge("one"))
            await asyncio.wait([call], timeout=0.05)
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_half_a_request_is_no_error_of_the_sandbox(
    caller: Caller, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    request = post(sandbox, f"{ROOT}/{caller.order_id}/captures", b'{"captured_amount": 500}')
    writer.write(request[:-5])
    await writer.drain()
    await asyncio.sleep(0.02)
    writer.close()
    await asyncio.sleep(0.02)

    assert sandbox.effects() == 0
    assert not has_errors(caplog)
    assert await reader.read() == b""


async def test_the_next_requests_fail_with_the_requested_status(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(2, status=504)
    sandbox.fail_next(1, status=409, headers={"Retry-After": "7"})
    sandbox.fail_next(1, status=418)

    responses = [await caller.acknowledge() for _ in range(5)]

    assert [each.status for each in responses] == [504, 504, 409, 418, 204]
    assert [each.error_code for each in responses[:4]] == [
        "TEMPORARILY_UNAVAILABLE",
        "TEMPORARILY_UNAVAILABLE",
        "CONFLICT",
        "UNEXPECTED_ERROR",
    ]
    assert responses[2].headers["Retry-After"] == "7"
    assert sandbox.acknowledgements == 1


async def test_the_next_request_may_be_unauthorized_or_redirected(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=401)
    sandbox.fail_next(1, status=307)

    unauthorized, redirected = await caller.acknowledge(), await caller.acknowledge()

    assert "Www-Authenticate" in unauthorized.headers
    assert (redirected.status, "Location" in redirected.headers) == (307, True)


async def test_a_failure_can_be_limited_to_one_operation_or_one_order(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=503, operation="captures.create")
    sandbox.fail_next(1, status=500, order_id="another")

    acknowledgement = await caller.acknowledge()
    captures = [await caller.capture(500) for _ in range(2)]

    assert acknowledgement.status == 204
    assert [each.status for each in captures] == [503, 201]


async def test_failures_can_be_cleared(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(2, status=503)
    sandbox.fail_next(1, fault="cut")

    sandbox.clear_failures()

    assert (await caller.acknowledge()).status == 204


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one of status= and fault="),
        ({"status": 503, "fault": "cut"}, "one of status= and fault="),
        ({"fault": "lightning"}, "no fault 'lightning'; available are"),
        ({"status": 204}, "status=204"),
        ({"times": 0, "status": 503}, "at least one"),
        ({"status": 503, "operation": "order.cancel"}, r"no operation 'order\.cancel'"),
    ],
)
def test_invalid_arguments_of_fail_next_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox().fail_next(**arguments)


async def test_the_fault_plan_can_be_changed_while_the_sandbox_serves(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults = "error-before=1"

    statuses = [(await caller.acknowledge()).status for _ in range(3)]

    assert statuses == [503, 503, 204]
    assert sandbox.faults.in_a_row == 2


async def test_retries_with_a_key_cause_one_effect_per_order_despite_faults() -> None:
    plan = "error-before=0.2,error-after=0.2,reset-before=0.1,reset-after=0.1,cut=0.1,html-502=0.1"
    async with Sandbox(50, faults=plan, limit=None) as sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox, session)
        for order_id in list(sandbox.order_ids):
            caller.order_id = order_id
            status = 0
            while status != 204:
                try:
                    status = (await caller.acknowledge(f"key of {order_id}")).status
                except aiohttp.ClientError:
                    continue

        assert sandbox.acknowledgements == sandbox.acknowledged_orders == 51
        assert sandbox.repeated_orders("orders.acknowledge") == ()
        assert sandbox.request_count > 100

"""Every fault as a caller meets it: what it hears, and what was done."""

import asyncio
import contextlib
import logging

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.faults import AFTER, KINDS
from tests.sandbox.caller import ROOT, Caller, basic
from tests.support.time import Sleeps


async def raw(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes and read all that comes until the other side ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()


def post(sandbox: Sandbox, path: str, body: bytes = b"") -> bytes:
    auth = basic(sandbox.username, sandbox.password)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {auth}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"hang", "hang-after"}))
async def test_a_fault_strikes_once_on_its_own_side_of_the_effect(
    caller: Caller, sandbox: Sandbox, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail_next(1, fault=kind)

    with contextlib.suppress(aiohttp.ClientError):
        await caller.acknowledge("one")
    done = sandbox.acknowledgements
    sandbox.clock.advance(seconds=1)

    assert done == (1 if kind in AFTER | {"slow"} else 0)
    assert (await caller.acknowledge("one")).status == 204
    assert sandbox.acknowledgements == 1
    assert [seen.fault for seen in sandbox.requests] == [kind, ""]
    assert not [entry for entry in caplog.records if entry.levelno >= logging.ERROR]


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
async def test_a_wrong_answer_has_its_status_and_its_content(
    caller: Caller, sandbox: Sandbox, kind: str, status: int, content_type: str
) -> None:
    sandbox.fail_next(1, fault=kind)

    heard = await caller.acknowledge()

    assert (heard.status, heard.headers["Content-Type"]) == (status, content_type)
    assert "X-Ratelimit-Limit" in heard.headers
    assert sandbox.requests[-1].status == status


async def test_a_refusal_is_never_shown_as_a_success(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="html-200")

    heard = await caller.send("POST", f"{ROOT}/00000000-0000-4000-8000-000000000000/cancel")

    assert (heard.status, heard.error_code) == (404, "NO_SUCH_ORDER")


async def test_whoever_follows_a_redirect_reads_the_order_and_takes_it_for_success(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.fail_next(1, fault="redirect")

    heard = await caller.acknowledge()

    path = heard.headers["Location"].removeprefix(sandbox.url)
    assert (await caller.send("GET", path)).status == 200
    assert sandbox.acknowledgements == 0


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
async def test_a_reset_is_a_reset_and_not_an_orderly_end(caller: Caller, sandbox: Sandbox, kind: str) -> None:
    sandbox.fail_next(1, fault=kind)

    with pytest.raises(ConnectionResetError):
        await raw(sandbox, post(sandbox, f"{ROOT}/{caller.order_id}/acknowledge"))


async def test_an_answer_with_a_body_is_cut_in_its_body(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="cut")

    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.call("GET", "")
    assert sandbox.requests[-1].status == 200


async def test_an_answer_without_a_body_is_cut_in_its_head(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="cut")

    heard = await raw(sandbox, post(sandbox, f"{ROOT}/{caller.order_id}/captures", b'{"captured_amount": 500}'))

    assert heard.startswith(b"HTTP/1.1 201 Created\r\n")
    assert b"\r\n\r\n" not in heard
    assert sandbox.requests[-1].status is None
    assert sandbox.get(caller.order_id).captured_amount == 500


@pytest.mark.parametrize(("kind", "done"), [("hang", 0), ("hang-after", 1)])
async def test_a_hang_is_silence_until_the_sandbox_closes(kind: str, done: int) -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox() as sandbox:
            sandbox.fail_next(1, fault=kind)
            caller = Caller(sandbox, session)
            call = asyncio.create_task(caller.acknowledge("one"))
            while not sandbox.requests:
                await asyncio.sleep(0)

            assert not call.done()
            assert sandbox.acknowledgements == done
            assert (await caller.acknowledge("one")).status == 204
            assert sandbox.acknowledgements == 1
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_a_slow_answer_is_as_slow_as_told(caller: Caller, sandbox: Sandbox, sleeps: Sleeps) -> None:
    sandbox.fail_next(1, fault="slow", seconds=30)
    sandbox.fail_next(1, fault="slow")

    assert [(await caller.acknowledge()).status for _ in range(2)] == [204, 204]
    assert sleeps.asked == [30, 1]


async def test_a_repeat_of_a_slow_call_waits_for_its_answer() -> None:
    go = asyncio.Event()

    async def sleep(_: float) -> None:
        await go.wait()

    async with Sandbox(sleep=sleep) as sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox, session)
        sandbox.fail_next(1, fault="slow")
        calls = [asyncio.create_task(caller.capture(500, key="one")) for _ in range(2)]
        await asyncio.wait(calls, timeout=0.05)
        assert sandbox.effects() == 0
        go.set()

        first, second = await asyncio.gather(*calls)

        assert first.headers["Capture-Id"] == second.headers["Capture-Id"]
        assert sandbox.effects() == 1


async def test_the_work_goes_on_when_the_caller_has_gone() -> None:
    go = asyncio.Event()

    async def sleep(_: float) -> None:
        await go.wait()

    async with Sandbox(sleep=sleep) as sandbox:
        order_id = sandbox.order().order_id
        sandbox.fail_next(1, fault="slow")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await raw(sandbox, post(sandbox, f"{ROOT}/{order_id}/acknowledge"))
        go.set()
        while not sandbox.requests:
            await asyncio.sleep(0)

        assert sandbox.acknowledgements == 1


@pytest.mark.parametrize("kind", ["reset-after", "cut"])
async def test_a_caller_that_has_gone_cannot_be_cut_off_any_more(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    go = asyncio.Event()

    async def sleep(_: float) -> None:
        await go.wait()

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
        go.set()

        assert (await slow).status == 204
        assert sandbox.acknowledgements == 1
    assert not [entry for entry in caplog.records if entry.levelno >= logging.ERROR]


async def test_closing_does_not_wait_for_a_slow_answer() -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox() as sandbox:
            sandbox.fail_next(1, fault="slow", seconds=3600)
            call = asyncio.create_task(Caller(sandbox, session).acknowledge("one"))
            await asyncio.wait([call], timeout=0.05)
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_half_a_request_is_nobodys_error(
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
    assert not [entry for entry in caplog.records if entry.levelno >= logging.ERROR]
    assert await reader.read() == b""


async def test_the_next_requests_fail_with_any_status(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(2, status=504)
    sandbox.fail_next(1, status=409, headers={"Retry-After": "7"})
    sandbox.fail_next(1, status=418)

    heard = [await caller.acknowledge() for _ in range(5)]

    assert [each.status for each in heard] == [504, 504, 409, 418, 204]
    assert [each.error_code for each in heard[:4]] == [
        "TEMPORARILY_UNAVAILABLE",
        "TEMPORARILY_UNAVAILABLE",
        "CONFLICT",
        "UNEXPECTED_ERROR",
    ]
    assert heard[2].headers["Retry-After"] == "7"
    assert sandbox.acknowledgements == 1


async def test_the_next_request_may_be_unauthorized_or_redirected(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=401)
    sandbox.fail_next(1, status=307)

    unauthorized, redirected = await caller.acknowledge(), await caller.acknowledge()

    assert "Www-Authenticate" in unauthorized.headers
    assert (redirected.status, "Location" in redirected.headers) == (307, True)


async def test_a_failure_may_be_meant_for_one_operation_or_one_order(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=503, operation="captures.create")
    sandbox.fail_next(1, status=500, order_id="another")

    assert (await caller.acknowledge()).status == 204
    assert [(await caller.capture(500)).status for _ in range(2)] == [503, 201]


def test_a_failure_is_described_by_a_status_or_by_a_fault() -> None:
    sandbox = Sandbox()
    with pytest.raises(ValueError, match="either status= or fault="):
        sandbox.fail_next(1)
    with pytest.raises(ValueError, match="either status= or fault="):
        sandbox.fail_next(1, status=503, fault="cut")
    with pytest.raises(ValueError, match="no fault 'lightning'; known are"):
        sandbox.fail_next(1, fault="lightning")
    with pytest.raises(ValueError, match="status=204"):
        sandbox.fail_next(1, status=204)
    with pytest.raises(ValueError, match="at least one"):
        sandbox.fail_next(0, status=503)
    with pytest.raises(ValueError, match=r"no operation 'order\.cancel'"):
        sandbox.fail_next(1, status=503, operation="order.cancel")


async def test_a_plan_may_be_changed_while_the_sandbox_serves(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults = "error-before=1"
    assert sandbox.faults.in_a_row == 2

    assert [(await caller.acknowledge()).status for _ in range(3)] == [503, 503, 204]


async def test_whoever_repeats_with_a_key_gets_through_a_rough_day_with_one_effect_an_order() -> None:
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
        assert sandbox.repeated("orders.acknowledge") == ()
        assert sandbox.request_count > 100

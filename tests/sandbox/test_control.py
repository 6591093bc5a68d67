"""The control endpoints, for tests that run the sandbox in another process."""

import asyncio

import pytest
from aiohttp.test_utils import make_mocked_request
from aiohttp.web import Request

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.control import Control
from klarna_om.sandbox.control_access import ControlAccess
from tests.sandbox.caller import Caller, RawResponse

NO_CREDENTIALS = {"Authorization": ""}


async def get(caller: Caller, name: str, **headers: str) -> RawResponse:
    return await caller.send("GET", f"/_sandbox/{name}", headers={**NO_CREDENTIALS, **headers})


async def post(caller: Caller, name: str, text: str, **headers: str) -> RawResponse:
    return await caller.send("POST", f"/_sandbox/{name}", body=text.encode(), headers={**NO_CREDENTIALS, **headers})


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


@pytest.mark.parametrize("name", ["clock", "faults", "limit"])
async def test_an_invalid_value_is_a_400_with_the_reason(caller: Caller, name: str) -> None:
    response = await post(caller, name, "nonsense")

    assert response.status == 400
    assert b"nonsense" in response.body


async def test_an_infinite_time_is_a_400(caller: Caller) -> None:
    response = await post(caller, "clock", "inf")

    assert response.status == 400


FROM_UNKNOWN = make_mocked_request("GET", "/_sandbox/effects")


@pytest.mark.parametrize("request_", [FROM_UNKNOWN, FROM_UNKNOWN.clone(remote="192.0.2.1")], ids=lambda _: "")
async def test_other_machines_get_404(sandbox: Sandbox, request_: Request) -> None:
    access = ControlAccess("127.0.0.1", False, sandbox._handler.is_authorized)
    control = Control(access=access, handler=sandbox._handler, orders=sandbox, faults=sandbox, pushes=sandbox)
    endpoint = next(iter(control.routes())).handler

    response = await endpoint(request_)

    assert response.status == 404


@pytest.mark.parametrize("origin", ["https://example.com", "http://127.0.0.1:8420", "null", ""])
@pytest.mark.parametrize("name", ["clock", "faults", "limit"])
async def test_a_request_with_an_origin_header_is_a_403(
    caller: Caller, sandbox: Sandbox, name: str, origin: str
) -> None:
    before = (sandbox.clock.now, sandbox.faults, sandbox.limit)

    response = await post(caller, name, "1" if name != "faults" else "slow=1", Origin=origin)

    assert response.status == 403
    assert b"Origin" in response.body
    assert (sandbox.clock.now, sandbox.faults, sandbox.limit) == before


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

"""A sandbox that other machines can reach: only where that is allowed, and with its credentials."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from klarna_om import Environment, KlarnaClient
from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.control_access import ControlAccess
from klarna_om.sandbox.listening import origin_of
from tests.sandbox.caller import Caller, basic_auth

LOGIN: dict[str, Any] = {"Authorization": basic_auth("sandbox", "sandbox")}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example", ""])
def test_another_host_than_loopback_needs_to_be_allowed(host: str) -> None:
    with pytest.raises(ValueError, match=r"can be reached from other machines: allow_remote=True \(--allow-remote\)"):
        Sandbox(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_is_allowed_anyway(host: str) -> None:
    assert Sandbox(host=host).url == ""


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1", "http://127.0.0.1:5"),
        ("0.0.0.0", "http://127.0.0.1:5"),
        ("::", "http://[::1]:5"),
        ("192.0.2.1", "http://192.0.2.1:5"),
        ("fd00::5", "http://[fd00::5]:5"),
    ],
)
def test_the_url_is_one_that_this_machine_can_call(host: str, origin: str) -> None:
    assert origin_of(host, 5) == origin


async def test_a_sandbox_on_all_addresses_has_clients_on_this_machine() -> None:
    async with Sandbox(host="0.0.0.0", allow_remote=True) as sandbox:
        order = await sandbox.client().orders.get(sandbox.order().order_id or "")

    assert order.status == "AUTHORIZED"


def status_for(*, remote: str | None, is_remote_allowed: bool = True, **headers: str) -> int | None:
    """The status of a refusal of a request from that machine; None where it may use the endpoints."""
    sandbox = Sandbox()
    access = ControlAccess("0.0.0.0", is_remote_allowed, sandbox._handler.is_authorized)
    request = make_mocked_request("POST", "/_sandbox/clock", headers=headers)
    refusal = access.refuse(request.clone(remote=remote) if remote is not None else request)
    return None if refusal is None else refusal.status


@pytest.mark.parametrize("remote", [None, "192.0.2.1"])
def test_other_machines_get_404_unless_they_are_allowed(remote: str | None) -> None:
    assert status_for(remote=remote, is_remote_allowed=False, Host="192.0.2.9:8420", **LOGIN) == 404


@pytest.mark.parametrize("host", ["192.0.2.9:8420", "klarna:8420", "[fd00::5]:8420", "localhost:8420", "0.0.0.0"])
def test_other_machines_need_credentials(host: str) -> None:
    assert status_for(remote="192.0.2.1", Host=host) == 401
    assert status_for(remote="192.0.2.1", Host=host, Authorization=basic_auth("sandbox", "x")) == 401
    assert status_for(remote="192.0.2.1", Host=host, **LOGIN) is None


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8420", "", "[::1"])
def test_a_name_that_a_web_page_can_have_is_refused_with_credentials_too(host: str) -> None:
    assert status_for(remote="192.0.2.1", Host=host, **LOGIN) == 403


def test_a_web_page_is_refused_with_credentials_too() -> None:
    assert status_for(remote="192.0.2.1", Host="klarna", Origin="http://klarna:8420", **LOGIN) == 403


def test_a_name_without_a_dot_is_not_enough_on_this_machine() -> None:
    assert status_for(remote="127.0.0.1", Host="klarna:8420") == 403
    assert status_for(remote="127.0.0.1", Host="127.0.0.1:8420") is None


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # no packet is sent
        except OSError:
            pytest.skip("this machine has no address but loopback")
        yield probe.getsockname()[0]


async def test_a_container_reaches_the_sandbox_of_another(address: str) -> None:
    async with Sandbox(host="0.0.0.0", allow_remote=True) as sandbox, aiohttp.ClientSession() as session:
        url = f"http://{address}:{sandbox.url.rpartition(':')[2]}"
        async with session.post(f"{url}/_sandbox/orders", json={"order_amount": 500}, headers=LOGIN) as added:
            order_id = (await added.json())["order_id"]
        async with session.get(f"{url}/_sandbox/effects") as without_credentials:
            pass

        async with KlarnaClient(Environment.sandbox(url), username="sandbox", password="sandbox") as klarna:
            await klarna.orders.acknowledge(order_id)

        assert (added.status, without_credentials.status) == (201, 401)
        assert sandbox.is_acknowledged(order_id)


async def test_a_location_begins_as_the_caller_knows_the_sandbox(caller: Caller) -> None:
    path = f"/ordermanagement/v1/orders/{caller.order_id}/captures"
    headers = {"Host": "klarna:8420", "Content-Type": "application/json"}

    response = await caller.send("POST", path, body=b'{"captured_amount": 1}', headers=headers)

    assert response.headers["Location"].startswith(f"http://klarna:8420{path}/")

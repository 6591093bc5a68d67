"""The sandbox as a test holds it in its hand."""

import asyncio
import threading
from datetime import UTC, datetime
from urllib.request import Request, urlopen

import aiohttp
import pytest

import klarna_om.sandbox
from klarna_om.sandbox import FaultPlan, Sandbox
from klarna_om.types import Address, OrderLine
from tests.sandbox.caller import Caller, basic


def test_an_order_is_made_as_the_test_wants_it_and_realistic_otherwise() -> None:
    order = Sandbox().order(order_amount=12_345, merchant_reference1="A-17")

    assert (order.order_amount, order.remaining_authorized_amount, order.status) == (12_345, 12_345, "AUTHORIZED")
    assert order.merchant_reference1 == "A-17"
    assert [line.total_amount for line in order.order_lines] == [12_345]
    assert order.purchase_currency == "SEK"


def test_an_orders_lines_make_its_amount() -> None:
    line = OrderLine(name="Socks", quantity=2, unit_price=500, total_amount=1_000)

    assert Sandbox().order(order_lines=(line,)).order_amount == 1_000
    assert Sandbox().order(order_lines=[{"name": "x", "total_amount": 7}]).order_amount == 7
    assert Sandbox().order(order_lines=(line,), order_amount=900).order_amount == 900
    assert (Sandbox().order().order_amount or 0) > 0


def test_an_order_takes_typed_values_and_date_times() -> None:
    expiry = datetime(2099, 1, 1, tzinfo=UTC)

    order = Sandbox().order(shipping_address=Address(city="Malmö"), expires_at=expiry)

    assert order.shipping_address == Address(city="Malmö")
    assert order.expires_at == expiry


def test_an_order_may_be_captured_cancelled_or_closed_from_the_start() -> None:
    sandbox = Sandbox()

    captured = sandbox.order(order_amount=500, captured_amount=500)

    assert (captured.status, captured.captures[0].captured_amount) == ("CAPTURED", 500)
    assert sandbox.is_acknowledged(captured.order_id or "")
    assert sandbox.order(status="CLOSED").status == "CLOSED"
    assert sandbox.order(status="CANCELLED").status == "CANCELLED"
    assert sandbox.effects() == 0


def test_a_state_that_calls_and_time_bring_about_cannot_be_set() -> None:
    with pytest.raises(ValueError, match="only CANCELLED and CLOSED"):
        Sandbox().order(status="CAPTURED")


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(TypeError, match=r"an order has no field order_amont; did you mean order_amount"):
        Sandbox().order(order_amont=1)


def test_a_field_that_follows_from_calls_is_refused() -> None:
    with pytest.raises(TypeError, match="refunded_amount is not set: it follows"):
        Sandbox().order(refunded_amount=1)


async def test_a_field_that_is_new_at_klarna_is_on_the_wire(caller: Caller, sandbox: Sandbox) -> None:
    caller.order_id = sandbox.order(something_new={"a": 1}).order_id or ""

    assert (await caller.call("GET", "")).json["something_new"] == {"a": 1}


def test_orders_of_the_seed_and_orders_made_are_all_there() -> None:
    sandbox = Sandbox(3)
    made = sandbox.order().order_id

    ids = list(sandbox.order_ids)

    assert (len(ids), ids[3]) == (4, made)
    assert [sandbox.get(each).order_id for each in ids] == ids
    assert not sandbox.is_acknowledged(ids[0])
    with pytest.raises(KeyError):
        sandbox.get("unknown")
    with pytest.raises(KeyError):
        sandbox.get("7849fd84-47dc-4919-a7ce-47b9f461562f")


def test_a_misspelt_operation_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no operation 'order\.acknowledge'; the catalogue has .*orders\.acknowledge"):
        Sandbox().effects(operation="order.acknowledge")


async def test_requests_are_recorded_with_their_key_and_a_digest_of_their_body(
    caller: Caller, sandbox: Sandbox
) -> None:
    await caller.capture(500, key="one")
    await caller.capture(500, key="one")
    await caller.capture(501, key="two")
    await caller.call("GET", "")

    first, second, third, fourth = sandbox.requests
    assert (first.operation, first.order_id, first.status) == ("captures.create", caller.order_id, 201)
    assert first.body == second.body != third.body
    assert (fourth.operation, fourth.key, fourth.body) == ("orders.get", None, "")
    assert sandbox.keys_seen == ["one", "one", "two"]
    assert sandbox.request_count == 4
    assert sandbox.operations_with_effects == ("captures.create",)


async def test_a_sandbox_serves_once() -> None:
    async with Sandbox() as sandbox:
        pass
    with pytest.raises(RuntimeError, match="make a new one"):
        async with sandbox:
            pytest.fail("it served again")


async def test_a_port_in_use_is_an_error_and_leaves_nothing_behind() -> None:
    async with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with Sandbox(port=port):
                pytest.fail("it served on a port in use")


async def test_the_url_of_an_ipv6_address_has_brackets() -> None:
    try:
        async with Sandbox(host="::1") as sandbox:
            assert sandbox.url.startswith("http://[::1]:")
    except OSError:
        pytest.skip("this machine has no IPv6")


async def test_nothing_of_it_is_left_when_it_closes() -> None:
    before = asyncio.all_tasks()
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        await Caller(sandbox, session).acknowledge()

    assert asyncio.all_tasks() == before


def ask(sandbox: Sandbox, path: str) -> int:
    auth = basic(sandbox.username, sandbox.password)
    with urlopen(Request(sandbox.url + path, headers={"Authorization": auth})) as answer:
        return int(answer.status)


def test_it_serves_from_a_thread_where_there_is_no_event_loop() -> None:
    with Sandbox() as sandbox:
        order = sandbox.order()
        assert ask(sandbox, f"/ordermanagement/v1/orders/{order.order_id}") == 200

    assert not [each for each in threading.enumerate() if each.name == "klarna_om sandbox"]


def test_what_keeps_it_from_serving_in_a_thread_is_told_where_it_was_started() -> None:
    with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), Sandbox(port=port):
            pytest.fail("it served on a port in use")


def test_the_room_is_imported_name_by_name() -> None:
    for name in klarna_om.sandbox.__all__:
        assert getattr(klarna_om.sandbox, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Sandbag'"):
        _ = klarna_om.sandbox.Sandbag


def test_a_plan_may_be_given_as_a_plan() -> None:
    assert Sandbox(faults=FaultPlan(in_a_row=5)).faults.in_a_row == 5

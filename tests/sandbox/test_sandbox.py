"""The class `Sandbox`: its orders, its counts, its start and stop."""

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

import aiohttp
import pytest

import klarna_om.sandbox
from klarna_om.sandbox import FaultPlan, Sandbox
from klarna_om.types import Address, OrderLine
from tests.sandbox.caller import Caller, basic_auth


def test_an_order_has_the_given_fields_and_realistic_ones() -> None:
    order = Sandbox().order(order_amount=12_345, merchant_reference1="A-17")

    assert (order.order_amount, order.remaining_authorized_amount, order.status) == (12_345, 12_345, "AUTHORIZED")
    assert order.merchant_reference1 == "A-17"
    assert [line.total_amount for line in order.order_lines] == [12_345]
    assert order.purchase_currency == "SEK"


def test_the_amount_of_an_order_is_the_sum_of_its_lines() -> None:
    line = OrderLine(name="Socks", quantity=2, unit_price=500, total_amount=1_000)

    typed = Sandbox().order(order_lines=(line,))
    plain = Sandbox().order(order_lines=[{"name": "x", "total_amount": 7}])

    assert (typed.order_amount, plain.order_amount) == (1_000, 7)


def test_a_given_amount_may_differ_from_the_sum_of_the_lines() -> None:
    order = Sandbox().order(order_lines=[{"name": "x", "total_amount": 7}], order_amount=900)

    assert order.order_amount == 900


def test_an_order_without_given_fields_has_an_amount() -> None:
    order = Sandbox().order()

    assert (order.order_amount or 0) > 0


def test_an_order_accepts_typed_values_and_date_times() -> None:
    expiry = datetime(2099, 1, 1, tzinfo=UTC)

    order = Sandbox().order(shipping_address=Address(city="Malmö"), expires_at=expiry)

    assert order.shipping_address == Address(city="Malmö")
    assert order.expires_at == expiry


def test_an_order_can_be_captured_cancelled_or_closed_from_the_start() -> None:
    sandbox = Sandbox()

    captured = sandbox.order(order_amount=500, captured_amount=500)
    closed, cancelled = sandbox.order(status="CLOSED"), sandbox.order(status="CANCELLED")

    assert (captured.status, captured.captures[0].captured_amount) == ("CAPTURED", 500)
    assert sandbox.is_acknowledged(captured.order_id or "")
    assert (closed.status, cancelled.status) == ("CLOSED", "CANCELLED")
    assert sandbox.effects() == 0


def test_a_status_that_follows_from_calls_or_time_cannot_be_set() -> None:
    with pytest.raises(ValueError, match="only CANCELLED and CLOSED"):
        Sandbox().order(status="CAPTURED")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("order_amont", "order_amount"),
        ("amount", "order_amount"),
        ("captured", "captured_amount"),
        ("push", "push_url"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest_right_name(name: str, nearest: str) -> None:
    fields: dict[str, Any] = {name: 12}

    with pytest.raises(TypeError, match=rf"an order has no field {name}; did you mean {nearest}\?.*extra_fields"):
        Sandbox().order(**fields)


def test_an_unknown_field_like_no_other_is_refused_with_all_names() -> None:
    with pytest.raises(TypeError, match=r"no field zzz; there are .*order_amount.*extra_fields"):
        Sandbox().order(zzz=12)


def test_extra_fields_are_none_that_are_known() -> None:
    with pytest.raises(TypeError, match="extra_fields: status is a known field of the order"):
        Sandbox().order(extra_fields={"status": "CAPTURED"})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"order_amount": "12"}, "order_amount: expected an int"),
        ({"order_amount": -1}, "order_amount=-1: an amount in minor units is 0 or more"),
        ({"order_lines": [{"quantity": 1.5}]}, r"order_lines\[0\].quantity"),
        ({"created_at": "yesterday"}, "created_at='yesterday' cannot be read"),
        ({"fraud_status": None}, "fraud_status=None cannot be read"),
        ({"initial_payment_method": {"description": "x"}}, "initial_payment_method has no type"),
        ({"order_amount": 5, "captured_amount": 6}, "captured_amount=6: the order's amount is 5"),
        ({"captured_amount": -1}, "captured_amount=-1"),
    ],
)
def test_a_value_that_no_order_can_have_is_refused(fields: dict[str, Any], message: str) -> None:
    sandbox = Sandbox()

    with pytest.raises(ValueError, match=message):
        sandbox.order(**fields)

    assert list(sandbox.order_ids) == []


def test_a_line_without_an_amount_adds_nothing() -> None:
    assert Sandbox().order(order_lines=[{"name": "x"}, {"name": "y", "total_amount": 7}]).order_amount == 7


def test_two_orders_cannot_have_one_id() -> None:
    sandbox = Sandbox(1)
    added = sandbox.order().order_id

    for order_id in (added, next(sandbox.order_ids)):
        with pytest.raises(ValueError, match=f"there is an order {order_id} already"):
            sandbox.order(order_id=order_id)


def test_a_computed_field_is_refused() -> None:
    with pytest.raises(TypeError, match="refunded_amount cannot be set: it is computed"):
        Sandbox().order(refunded_amount=1)


async def test_an_unknown_field_of_an_order_is_in_the_response(caller: Caller, sandbox: Sandbox) -> None:
    caller.order_id = sandbox.order(extra_fields={"something_new": {"a": 1}}).order_id or ""

    response = await caller.call("GET", "")

    assert response.json["something_new"] == {"a": 1}


def test_seeded_orders_and_added_orders_are_both_listed() -> None:
    sandbox = Sandbox(3)
    added = sandbox.order().order_id

    ids = list(sandbox.order_ids)

    assert (len(ids), ids[3]) == (4, added)
    assert [sandbox.get(each).order_id for each in ids] == ids
    assert not sandbox.is_acknowledged(ids[0])


@pytest.mark.parametrize("order_id", ["unknown", "7849fd84-47dc-4919-a7ce-47b9f461562f"])
def test_an_unknown_order_is_a_key_error(order_id: str) -> None:
    with pytest.raises(KeyError):
        Sandbox(3).get(order_id)


def test_a_misspelt_operation_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no operation 'order\.acknowledge'; the catalogue has .*orders\.acknowledge"):
        Sandbox().effects(operation="order.acknowledge")


async def test_requests_are_logged_with_their_key_and_a_digest_of_their_body(caller: Caller, sandbox: Sandbox) -> None:
    await caller.capture(500, key="one")
    await caller.capture(500, key="one")
    await caller.capture(501, key="two")
    await caller.call("GET", "")

    first, second, third, fourth = sandbox.requests
    assert (first.operation, first.order_id, first.status) == ("captures.create", caller.order_id, 201)
    assert first.body_digest == second.body_digest != third.body_digest
    assert (fourth.operation, fourth.key, fourth.body_digest) == ("orders.get", None, "")
    assert sandbox.keys_seen == ["one", "one", "two"]
    assert sandbox.request_count == 4
    assert sandbox.operations_with_effects == ("captures.create",)


async def test_a_sandbox_cannot_serve_twice() -> None:
    async with Sandbox() as sandbox:
        pass
    with pytest.raises(RuntimeError, match="make a new one"):
        async with sandbox:
            pytest.fail("it served twice")


async def test_a_port_in_use_is_an_error() -> None:
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


async def test_no_task_is_left_when_it_stops() -> None:
    before = asyncio.all_tasks()
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        await Caller(sandbox, session).acknowledge()

    assert asyncio.all_tasks() == before


def get_status(sandbox: Sandbox, path: str) -> int:
    auth = basic_auth(sandbox.username, sandbox.password)
    with urlopen(Request(sandbox.url + path, headers={"Authorization": auth})) as response:
        return int(response.status)


def test_it_serves_from_a_thread_without_an_event_loop() -> None:
    with Sandbox() as sandbox:
        order = sandbox.order()

        status = get_status(sandbox, f"/ordermanagement/v1/orders/{order.order_id}")

    assert status == 200
    assert not [each for each in threading.enumerate() if each.name == "klarna_om sandbox"]


def test_an_error_in_the_servers_thread_is_raised_by_the_caller() -> None:
    with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), Sandbox(port=port):
            pytest.fail("it served on a port in use")


def test_the_package_imports_its_names_on_first_use() -> None:
    names = [getattr(klarna_om.sandbox, name).__name__ for name in klarna_om.sandbox.__all__]

    assert names == klarna_om.sandbox.__all__
    with pytest.raises(AttributeError, match="no attribute 'Sandbag'"):
        _ = klarna_om.sandbox.Sandbag


def test_faults_may_be_a_plan_object() -> None:
    sandbox = Sandbox(faults=FaultPlan(in_a_row=5))

    assert sandbox.faults.in_a_row == 5

"""Orders that appear later: 404 at first, as directly after a purchase."""

from typing import Any

import pytest

from klarna_om.sandbox import Sandbox
from tests.sandbox.caller import Caller


async def test_an_order_appears_after_its_time(caller: Caller, sandbox: Sandbox) -> None:
    caller.order_id = sandbox.order(appears_after=30).order_id or ""

    read, acknowledged = await caller.call("GET", ""), await caller.acknowledge()
    sandbox.clock.advance(seconds=29)
    early = await caller.call("GET", "")
    sandbox.clock.advance(seconds=1)
    there = await caller.call("GET", "")

    assert [each.status for each in (read, acknowledged, early, there)] == [404, 404, 404, 200]
    assert read.error_code == acknowledged.error_code == "NO_SUCH_ORDER"
    assert sandbox.effects() == 0


async def test_an_order_appears_after_a_number_of_requests(caller: Caller, sandbox: Sandbox) -> None:
    caller.order_id = sandbox.order(appears_after_requests=2).order_id or ""

    statuses = [(await caller.call("GET", "")).status, (await caller.acknowledge()).status]
    statuses += [(await caller.call("GET", "")).status, (await caller.acknowledge()).status]

    assert statuses == [404, 404, 200, 204]


async def test_with_both_an_order_appears_after_the_later_one(caller: Caller, sandbox: Sandbox) -> None:
    caller.order_id = sandbox.order(appears_after=30, appears_after_requests=1).order_id or ""

    before = [(await caller.call("GET", "")).status for _ in range(2)]
    sandbox.clock.advance(seconds=30)
    after = await caller.call("GET", "")

    assert (before, after.status) == ([404, 404], 200)


async def test_an_order_that_has_appeared_stays(caller: Caller, sandbox: Sandbox) -> None:
    caller.order_id = sandbox.order(appears_after=30).order_id or ""
    sandbox.clock.advance(seconds=30)
    await caller.call("GET", "")

    sandbox.clock.advance(seconds=-30)

    assert (await caller.call("GET", "")).status == 200


def test_the_test_itself_sees_the_order_at_once() -> None:
    sandbox = Sandbox()

    order = sandbox.order(appears_after=30, order_amount=5)

    assert sandbox.get(order.order_id or "").order_amount == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"appears_after": -1}, "appears_after=-1: it is a number of seconds"),
        ({"appears_after": float("nan")}, "appears_after=nan"),
        ({"appears_after_requests": -1}, "appears_after_requests=-1: it is a number of requests"),
    ],
)
def test_what_is_no_span_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox().order(**arguments)

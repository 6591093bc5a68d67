"""The addresses for whoever runs the sandbox in another process."""

import pytest
from aiohttp.test_utils import make_mocked_request

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.control import Control
from tests.sandbox.caller import Caller, Heard

NO_CREDENTIALS = {"Authorization": ""}


async def ask(caller: Caller, what: str) -> Heard:
    return await caller.send("GET", f"/_sandbox/{what}", headers=NO_CREDENTIALS)


async def tell(caller: Caller, what: str, text: str) -> Heard:
    return await caller.send("POST", f"/_sandbox/{what}", body=text.encode(), headers=NO_CREDENTIALS)


async def test_effects_are_told_by_operation_with_the_orders_that_had_it_twice(caller: Caller) -> None:
    await caller.acknowledge()
    await caller.acknowledge()
    await caller.capture(500, key="one")
    await caller.capture(500, key="one")

    assert (await ask(caller, "effects")).json == {
        "orders.acknowledge": {"total": 2, "orders": 1, "repeated": 1, "more_than_once": [caller.order_id]},
        "captures.create": {"total": 1, "orders": 1, "repeated": 0, "more_than_once": []},
    }


async def test_requests_are_told_by_status_and_by_fault_and_how_many_repeated_an_answer(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.fail_next(1, status=503)
    sandbox.fail_next(1, fault="html-502")
    for key in ("one", "one", "one", "one", None):
        await caller.acknowledge(key)

    assert (await ask(caller, "requests")).json == {
        "total": 5,
        "replayed": 1,
        "by_status": {"503": 1, "502": 1, "204": 3},
        "by_fault": {"status": 1, "html-502": 1},
    }


async def test_a_request_that_got_no_answer_is_told_as_such(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="reset-before")
    with pytest.raises(OSError, match="reset"):
        await caller.acknowledge()

    assert (await ask(caller, "requests")).json["by_status"] == {"none": 1}


async def test_time_is_let_pass(caller: Caller, sandbox: Sandbox) -> None:
    heard = await tell(caller, "clock", "3600")

    assert heard.json == {"now": "2023-11-15T13:00:00+00:00"}
    assert sandbox.clock.now.hour == 13


async def test_the_fault_plan_is_changed(caller: Caller) -> None:
    assert (await tell(caller, "faults", "error-before=1,in-a-row=99")).status == 200
    assert (await caller.acknowledge()).status == 503
    assert (await tell(caller, "faults", "none")).status == 200
    assert (await caller.acknowledge()).status == 204


async def test_the_limit_is_changed(caller: Caller, sandbox: Sandbox) -> None:
    assert (await tell(caller, "limit", "7")).json == {"limit": 7}
    assert sandbox.limit == 7
    assert (await tell(caller, "limit", "none\n")).json == {"limit": None}
    assert sandbox.limit is None


@pytest.mark.parametrize("what", ["clock", "faults", "limit"])
async def test_what_cannot_be_read_is_a_400_that_says_why(caller: Caller, what: str) -> None:
    heard = await tell(caller, what, "nonsense")

    assert (heard.status, b"nonsense" in heard.body) == (400, True)


async def test_time_does_not_pass_for_ever(caller: Caller) -> None:
    assert (await tell(caller, "clock", "inf")).status == 400


async def test_other_machines_hear_nothing(sandbox: Sandbox) -> None:
    effects = next(iter(Control(sandbox._desk, lambda _: None).routes())).handler

    answer = await effects(make_mocked_request("GET", "/_sandbox/effects").clone(remote="192.0.2.1"))
    unknown = await effects(make_mocked_request("GET", "/_sandbox/effects"))

    assert (answer.status, unknown.status) == (404, 404)

import asyncio

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.idempotency import KeyStore
from klarna_om.sandbox.results import Result
from tests.sandbox.caller import Caller
from tests.support.time import Clock


async def test_a_repeat_with_a_key_gets_the_first_response_without_an_effect(caller: Caller, sandbox: Sandbox) -> None:
    first = await caller.capture(500, key="one")
    second = await caller.capture(500, key="one")

    assert (first.status, second.status) == (201, 201)
    assert first.headers["Capture-Id"] == second.headers["Capture-Id"]
    assert sandbox.effects(operation="captures.create") == 1
    assert sandbox.keys_seen == ["one", "one"]
    assert sandbox.replays == 1


async def test_the_body_of_a_repeat_is_ignored(caller: Caller, sandbox: Sandbox) -> None:
    await caller.capture(500, key="one")

    response = await caller.call("POST", "/captures", {"nonsense": True}, key="one")

    assert response.status == 201
    assert sandbox.get(caller.order_id).captured_amount == 500


async def test_the_operation_of_a_repeat_is_ignored_too(caller: Caller, sandbox: Sandbox) -> None:
    await caller.acknowledge("one")

    response = await caller.capture(500, key="one")

    assert response.status == 204
    assert sandbox.effects(operation="captures.create") == 0


async def test_every_call_without_a_key_is_executed(caller: Caller, sandbox: Sandbox) -> None:
    for _ in range(2):
        await caller.capture(500)

    assert sandbox.effects(operation="captures.create") == 2


async def test_a_read_is_never_answered_from_the_store(caller: Caller) -> None:
    await caller.acknowledge("one")

    response = await caller.call("GET", "", key="one")

    assert response.status == 200


async def test_a_key_is_forgotten_after_24_hours(caller: Caller, sandbox: Sandbox) -> None:
    effects: list[int] = []

    for seconds in (0, 24 * 3600, 1):
        sandbox.clock.advance(seconds=seconds)
        await caller.capture(500, key="one")
        effects.append(sandbox.effects(operation="captures.create"))

    assert effects == [1, 1, 2]


async def test_the_24_hours_count_from_the_first_attempt(caller: Caller, sandbox: Sandbox) -> None:
    for hours in (0, 23, 2):
        sandbox.clock.advance(hours=hours)
        await caller.acknowledge("one")

    assert sandbox.acknowledgements == 2


async def test_a_refusal_of_the_ledger_is_stored(caller: Caller) -> None:
    refused = await caller.capture(10_001, key="one")
    repeated = await caller.capture(100, key="one")

    assert (refused.error_code, repeated.error_code) == ("CAPTURE_NOT_ALLOWED", "CAPTURE_NOT_ALLOWED")


async def test_refusals_are_not_stored_with_store_refusals_false() -> None:
    async with Sandbox(store_refusals=False) as sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox, session)

        statuses = [(await caller.capture(amount, key="one")).status for amount in (10_001, 100, 100)]

        assert statuses == [403, 201, 201]
        assert sandbox.effects() == 1


async def test_the_refusal_of_an_invalid_body_is_not_stored(caller: Caller) -> None:
    invalid = await caller.call("POST", "/captures", {}, key="one")
    valid = await caller.capture(100, key="one")

    assert (invalid.status, valid.status) == (400, 201)


async def test_an_error_before_the_effect_is_not_stored(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=503)

    statuses = [(await caller.acknowledge("one")).status for _ in range(2)]

    assert statuses == [503, 204]
    assert sandbox.acknowledgements == 1


async def test_an_error_after_the_effect_leaves_the_real_result_stored(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="error-after")

    first, second = await caller.capture(500, key="one"), await caller.capture(500, key="one")

    assert (first.status, second.status) == (500, 201)
    assert sandbox.effects() == 1
    assert sandbox.get(caller.order_id).captured_amount == 500


class Execution:
    """An execution that lasts until `end` is set, and counts its starts."""

    def __init__(self) -> None:
        self.starts = 0
        self.end = asyncio.Event()
        self.fails_once = False

    async def __call__(self) -> Result:
        self.starts += 1
        await self.end.wait()
        if self.fails_once:
            self.fails_once = False
            raise ConnectionError("no response")
        return Result(204)


async def test_a_repeat_waits_for_the_result_of_the_running_call() -> None:
    store, execution = KeyStore(Clock()), Execution()
    calls = [asyncio.create_task(store.run_once("one", execution)) for _ in range(3)]
    await asyncio.sleep(0)
    are_done = [call.done() for call in calls]

    execution.end.set()

    assert are_done == [False] * 3
    assert await asyncio.gather(*calls) == [Result(204)] * 3
    assert (execution.starts, len(store)) == (1, 1)


async def test_after_a_call_without_a_result_the_next_one_is_executed() -> None:
    store, execution = KeyStore(Clock()), Execution()
    execution.fails_once = True
    first, second = [asyncio.create_task(store.run_once("one", execution)) for _ in range(2)]
    await asyncio.sleep(0)

    execution.end.set()

    with pytest.raises(ConnectionError):
        await first
    assert await second == Result(204)
    assert execution.starts == 2


async def test_cancelling_a_waiting_repeat_does_not_affect_the_first_call() -> None:
    store, execution = KeyStore(Clock()), Execution()
    first, second = [asyncio.create_task(store.run_once("one", execution)) for _ in range(2)]
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])

    execution.end.set()

    assert await first == Result(204)


async def test_a_call_that_runs_longer_than_its_key_is_valid_ends_normally() -> None:
    clock, execution = Clock(), Execution()
    store = KeyStore(clock)
    slow = asyncio.create_task(store.run_once("one", execution))
    await asyncio.sleep(0)
    clock.now += 25 * 3600
    execution.end.set()

    assert await store.run_once("one", execution) == Result(204)
    assert await slow == Result(204)
    assert execution.starts == 2

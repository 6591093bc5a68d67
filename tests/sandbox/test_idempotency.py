import asyncio

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.answers import Answer
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.idempotency import KeyStore
from tests.sandbox.books import NOON
from tests.sandbox.caller import Caller


async def test_a_repeat_under_a_key_gets_the_first_answer_and_has_no_effect(caller: Caller, sandbox: Sandbox) -> None:
    first = await caller.capture(500, key="one")
    second = await caller.capture(500, key="one")

    assert (first.status, second.status) == (201, 201)
    assert first.headers["Capture-Id"] == second.headers["Capture-Id"]
    assert sandbox.effects(operation="captures.create") == 1
    assert sandbox.keys_seen == ["one", "one"]
    assert sandbox.replays == 1


async def test_the_body_of_a_repeat_is_ignored(caller: Caller, sandbox: Sandbox) -> None:
    await caller.capture(500, key="one")

    heard = await caller.call("POST", "/captures", {"nonsense": True}, key="one")

    assert heard.status == 201
    assert sandbox.get(caller.order_id).captured_amount == 500


async def test_the_operation_of_a_repeat_is_ignored_too(caller: Caller, sandbox: Sandbox) -> None:
    await caller.acknowledge("one")

    assert (await caller.capture(500, key="one")).status == 204
    assert sandbox.effects(operation="captures.create") == 0


async def test_without_a_key_every_call_is_a_new_one(caller: Caller, sandbox: Sandbox) -> None:
    await caller.capture(500)
    await caller.capture(500)

    assert sandbox.effects(operation="captures.create") == 2


async def test_a_read_is_never_answered_from_the_store(caller: Caller) -> None:
    await caller.acknowledge("one")

    assert (await caller.call("GET", "", key="one")).status == 200


async def test_a_key_is_forgotten_after_24_hours(caller: Caller, sandbox: Sandbox) -> None:
    await caller.capture(500, key="one")

    sandbox.clock.advance(hours=24)
    await caller.capture(500, key="one")
    assert sandbox.effects(operation="captures.create") == 1

    sandbox.clock.advance(seconds=1)
    await caller.capture(500, key="one")
    assert sandbox.effects(operation="captures.create") == 2


async def test_the_24_hours_count_from_the_first_attempt(caller: Caller, sandbox: Sandbox) -> None:
    await caller.acknowledge("one")
    sandbox.clock.advance(hours=23)
    await caller.acknowledge("one")
    sandbox.clock.advance(hours=2)
    await caller.acknowledge("one")

    assert sandbox.acknowledgements == 2


async def test_a_refusal_of_the_ledger_is_kept(caller: Caller) -> None:
    refused = await caller.capture(10_001, key="one")

    repeated = await caller.capture(100, key="one")

    assert (refused.error_code, repeated.error_code) == ("CAPTURE_NOT_ALLOWED", "CAPTURE_NOT_ALLOWED")


async def test_a_refusal_may_be_left_out_of_the_store() -> None:
    async with Sandbox(store_refusals=False) as sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox, session)
        assert (await caller.capture(10_001, key="one")).status == 403
        assert (await caller.capture(100, key="one")).status == 201
        assert (await caller.capture(100, key="one")).status == 201
        assert sandbox.effects() == 1


async def test_a_body_that_cannot_be_read_is_not_kept(caller: Caller) -> None:
    assert (await caller.call("POST", "/captures", {}, key="one")).status == 400
    assert (await caller.capture(100, key="one")).status == 201


async def test_an_error_before_the_effect_is_not_kept(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, status=503)

    assert [(await caller.acknowledge("one")).status for _ in range(2)] == [503, 204]
    assert sandbox.acknowledgements == 1


async def test_an_error_after_the_effect_keeps_the_true_answer(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, fault="error-after")

    first, second = await caller.capture(500, key="one"), await caller.capture(500, key="one")

    assert (first.status, second.status) == (500, 201)
    assert sandbox.effects() == 1
    assert sandbox.get(caller.order_id).captured_amount == 500


class Work:
    """Work that takes until it is let go, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.fails = False

    async def __call__(self) -> Answer:
        self.begun += 1
        await self.go.wait()
        if self.fails:
            self.fails = False
            raise ConnectionError("no answer")
        return Answer(204)


async def test_a_repeat_waits_for_the_answer_of_a_call_under_way() -> None:
    store, work = KeyStore(Clock(lambda: NOON)), Work()
    calls = [asyncio.create_task(store.once("one", work)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(call.done() for call in calls)

    work.go.set()

    assert await asyncio.gather(*calls) == [Answer(204)] * 3
    assert (work.begun, len(store)) == (1, 1)


async def test_a_call_that_ends_without_an_answer_lets_the_next_one_try() -> None:
    store, work = KeyStore(Clock(lambda: NOON)), Work()
    work.fails = True
    first, second = [asyncio.create_task(store.once("one", work)) for _ in range(2)]
    await asyncio.sleep(0)

    work.go.set()

    with pytest.raises(ConnectionError):
        await first
    assert await second == Answer(204)
    assert work.begun == 2


async def test_whoever_gives_up_waiting_disturbs_nobody() -> None:
    store, work = KeyStore(Clock(lambda: NOON)), Work()
    first, second = [asyncio.create_task(store.once("one", work)) for _ in range(2)]
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])

    work.go.set()

    assert await first == Answer(204)


async def test_a_call_that_outlives_its_key_disturbs_nobody() -> None:
    clock, work = Clock(lambda: NOON), Work()
    store = KeyStore(clock)
    slow = asyncio.create_task(store.once("one", work))
    await asyncio.sleep(0)
    clock.advance(hours=25)
    work.go.set()

    assert await store.once("one", work) == Answer(204)
    assert await slow == Answer(204)
    assert work.begun == 2

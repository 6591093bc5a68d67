"""The kit fails a client that makes a classic mistake, and names the mistake."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from attrs import evolve

from tests.sandbox.scenarios.kit import Kit
from tests.sandbox.scenarios.naive_client import (
    NaiveClient,
    key_of_the_body,
    key_of_the_order,
    new_key,
    no_key,
)

MakeClient = Callable[..., NaiveClient]


@pytest.fixture
async def careful(kit: Kit) -> AsyncIterator[NaiveClient]:
    """A client that makes none of the mistakes, where a key of the body is right."""
    async with aiohttp.ClientSession() as session:
        yield NaiveClient(session=session, sleep=kit.sleep)


async def reasons_for(kit: Kit, client: NaiveClient, name: str, **settings: float) -> list[str]:
    await client.run(await kit.start(name, **settings))
    return await kit.reasons(name)


@pytest.mark.parametrize("name", ["lost-answer", "cut-answer", "error-after-effect", "outage", "rate-limit"])
async def test_a_careful_client_passes(kit: Kit, careful: NaiveClient, name: str) -> None:
    assert await reasons_for(kit, careful, name) == []


async def test_before_a_request_the_verdict_says_what_to_do(kit: Kit) -> None:
    task = await kit.start("lost-answer")

    (reason,) = await kit.reasons("lost-answer")

    path = f"/ordermanagement/v1/orders/{task['order_id']}/captures"
    assert reason == f"no POST {path} has arrived: let the client make the call"


async def test_a_new_key_for_each_attempt_fails(kit: Kit, careful: NaiveClient) -> None:
    reasons = await reasons_for(kit, evolve(careful, key=new_key), "lost-answer")

    assert len(reasons) == 2
    assert reasons[0].startswith("request 2 has the key ")
    assert reasons[0].endswith("make the key once for the call, outside the retries")
    assert reasons[1] == "it was executed 2 times, not once"


@pytest.mark.parametrize("name", ["error-after-effect", "delivered-twice"])
async def test_a_client_without_keys_fails(kit: Kit, careful: NaiveClient, name: str) -> None:
    reasons = await reasons_for(kit, evolve(careful, key=no_key), name)

    assert reasons == [
        "request 1 has no Klarna-Idempotency-Key: send one with every POST and PATCH",
        "it was executed 2 times, not once",
    ]


@pytest.mark.parametrize(
    ("name", "answer", "others"),
    [
        ("error-after-effect", "a 500", []),
        ("lost-answer", "no answer", []),
        ("outage", "a 503", ["it was not executed"]),
    ],
)
async def test_a_client_that_gives_up_is_told_after_what(
    kit: Kit, careful: NaiveClient, name: str, answer: str, others: list[str]
) -> None:
    reasons = await reasons_for(kit, evolve(careful, attempts=1), name)

    assert reasons == [f"nothing came after request 1, which got {answer}: repeat it under its key", *others]


async def test_a_client_that_does_not_wait_for_the_quota_fails(kit: Kit, careful: NaiveClient) -> None:
    async def hurry(_: float) -> None:
        await kit.sleep(0.5)

    reasons = await reasons_for(kit, evolve(careful, sleep=hurry), "rate-limit", seconds=1)

    assert reasons == ["request 2 came 0.50 s after the 429, whose X-Ratelimit-Reset said 1"]


async def test_a_client_that_waits_for_a_shorter_time_than_named_fails(kit: Kit, careful: NaiveClient) -> None:
    reasons = await reasons_for(kit, evolve(careful, attempts=9), "rate-limit", seconds=3)

    assert reasons == ["request 2 came 1.00 s after the 429, whose X-Ratelimit-Reset said 3"]


async def test_a_client_that_believes_a_web_page_fails(kit: Kit, careful: NaiveClient) -> None:
    assert await reasons_for(kit, careful, "portal") == [
        "nothing came after request 1, which got a 200: repeat it under its key",
        "it was not executed",
    ]


@pytest.mark.parametrize(("name", "follows"), [("portal-stays", False), ("redirect", True)])
async def test_a_success_that_nobody_made_fails(kit: Kit, careful: NaiveClient, name: str, follows: bool) -> None:
    client = evolve(careful, follows_redirects=follows, attempts=1)

    statuses = await client.run(await kit.start(name))
    missing = await kit.reasons(name)
    await kit.report(name, "done")

    wanted = "`unknown`" if name == "portal-stays" else "`unknown` or `refused`"
    assert statuses == [200]
    assert missing == [f"the client's report is missing: POST it to the scenario's /report, {wanted}"]
    assert await kit.reasons(name) == [f"the client reported `done` (it happened); true is {wanted}"]


async def test_a_refusal_that_is_repeated_fails(kit: Kit, careful: NaiveClient) -> None:
    client = evolve(careful, final=frozenset[int]())

    await client.run(await kit.start("refusal"))
    await kit.report("refusal", "unknown")

    assert await kit.reasons("refusal") == [
        "3 requests arrived: a definite refusal is not repeated",
        "the client reported `unknown` (it may have happened); true is `refused`",
    ]


async def test_two_equal_intents_under_a_key_of_the_body_are_one(kit: Kit, careful: NaiveClient) -> None:
    reasons = await reasons_for(kit, evolve(careful, key=key_of_the_body), "equal-captures")

    assert reasons == ["it was executed once, not 2 times"]


async def test_one_key_for_all_captures_of_an_order_drops_the_second(kit: Kit, careful: NaiveClient) -> None:
    reasons = await reasons_for(kit, evolve(careful, key=key_of_the_order), "two-bodies")

    assert len(reasons) == 2
    assert reasons[0].startswith("request 2 has another body than an earlier one with the key ")
    assert reasons[1] == "it was executed once, not 2 times"


async def test_a_random_key_makes_one_intent_two(kit: Kit, careful: NaiveClient) -> None:
    reasons = await reasons_for(kit, evolve(careful, key=new_key), "same-intent-twice")

    assert reasons == ["it was executed 2 times, not once"]


async def test_a_client_that_waits_out_a_slow_answer_is_told_so(kit: Kit, careful: NaiveClient) -> None:
    reasons = await reasons_for(kit, careful, "slow-answer", seconds=0.02)

    assert reasons == ["the client waited for the answer: set its time limit below 0.02 s, or `seconds` above it"]


async def test_while_a_slow_answer_is_under_way_there_is_no_verdict(kit: Kit, careful: NaiveClient) -> None:
    client = evolve(careful, time_limit=0.05, attempts=1)

    statuses = await client.run(await kit.start("slow-answer", seconds=60))

    assert statuses == [0]
    assert await kit.reasons("slow-answer") == ["a slow answer is under way: ask again after it"]


async def test_a_client_that_meets_no_429_has_not_waited(kit: Kit, careful: NaiveClient) -> None:
    task = await kit.start("rate-limit")
    await kit.send("DELETE", "failures")

    await careful.run(task)

    assert await kit.reasons("rate-limit") == [
        "nothing came after request 1, which got a 201: repeat it under its key",
        "no request met the 429",
    ]


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "message"),
    [
        ("POST", "scenarios/lost", {}, 404, "there is no scenario lost; there are lost-answer, cut-answer"),
        ("POST", "scenarios/outage", {"seconds": 1}, 400, "outage has no fault that takes time: leave seconds out"),
        ("POST", "scenarios/slow-answer", {"seconds": 0}, 400, "seconds=0: it is more than 0 and at most 600"),
        ("POST", "scenarios/slow-answer", {"seconds": "1"}, 400, "seconds='1' is not a number"),
        ("POST", "scenarios/slow-answer", {"speed": 1}, 400, "no setting speed; there is seconds"),
        ("POST", "scenarios/slow-answer", [1], 400, "a scenario's setting is a JSON object, not [1]"),
        ("GET", "scenarios/outage/verdict", None, 404, "POST /_sandbox/scenarios/outage does that"),
        ("GET", "scenarios/lost/verdict", None, 404, "there is no scenario lost"),
        ("POST", "scenarios/outage/report", {"outcome": "done"}, 404, "scenario outage was not started"),
        ("POST", "scenarios/outage/report", {"outcome": "ok"}, 400, "done (it happened), refused"),
        ("POST", "scenarios/outage/report", {}, 400, "outcome None: it is one of done"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_the_way_out(
    kit: Kit, method: str, path: str, document: Any, status: int, message: str
) -> None:
    refusal = await kit.refused(method, path, document)

    assert (refusal[0], message in refusal[1]) == (status, True), refusal

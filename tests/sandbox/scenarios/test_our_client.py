"""klarna_om passes the conformance kit, driven over HTTP as a client of another language is."""

from collections.abc import Iterator
from typing import Any

import pytest

from klarna_om import CaptureObject, KlarnaClient, KlarnaError, RefundObject, derive_key
from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.scenarios.table import SCENARIOS
from tests.sandbox.scenarios.kit import Kit

SECONDS = {"slow-answer": 0.4}
TIME_LIMIT = 0.25
"""Below the slow answer, and above what is left of it for the repeat."""


@pytest.mark.parametrize("name", SCENARIOS)
async def test_our_client_passes(name: str, sandbox: Sandbox, kit: Kit) -> None:
    task = await kit.start(name, **({"seconds": SECONDS[name]} if name in SECONDS else {}))
    limits: dict[str, Any] = {"attempt_timeout": TIME_LIMIT} if name in SECONDS else {}

    for call in task["calls"]:
        async with sandbox.client(pace="off", sleep=kit.sleep, **limits) as klarna:
            await kit.report(name, await make(klarna, call["operation"], task["order_id"], call["body"]))

    assert await kit.reasons(name) == []
    assert (await kit.verdict(name))["verdict"] == "passed"


async def make(klarna: KlarnaClient, operation: str, order_id: str, body: Any) -> str:
    try:
        match operation:
            case "orders.acknowledge":
                await klarna.orders.acknowledge(order_id)
            case "refunds.create":
                await klarna.refunds.create(order_id, RefundObject(**body))
            case _:
                await klarna.captures.create(order_id, CaptureObject(**body), idempotency_key=key_of(order_id, body))
    except KlarnaError as error:
        return error.outcome.name.lower()
    return "done"


def key_of(order_id: str, body: dict[str, Any]) -> str | None:
    """A key of the intent, where the shop has a name for it."""
    return derive_key("captures.create", order_id, body["reference"]) if "reference" in body else None


def checks() -> Iterator[tuple[str, str]]:
    for scenario in SCENARIOS.values():
        yield from ((scenario.name, check.rule) for check in scenario.checks)


async def test_the_list_shows_which_were_started_and_how_they_ended(kit: Kit) -> None:
    await kit.start("lost-answer")

    listed = {row["name"]: row for row in await kit.send("GET", "scenarios")}

    assert list(listed) == list(SCENARIOS)
    assert listed["lost-answer"]["verdict"] == "failed"
    assert {row["verdict"] for row in listed.values() if row["name"] != "lost-answer"} == {"not started"}
    assert [(name, rule) for name, row in listed.items() for rule in row["checks"]] == list(checks())
    assert all(rule["basis"] for row in listed.values() for rule in row["rules"])

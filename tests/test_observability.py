"""docs/observability.md is true: its code runs, and the tools get what the page says."""

import ast
import inspect
import json
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from prometheus_client import REGISTRY

from klarna_om import KlarnaClient
from klarna_om.sandbox import Sandbox
from klarna_om.settings import environment

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/observability.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def blocks(section: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", SECTIONS[section], re.DOTALL | re.MULTILINE)


async def run(section: str, names: dict[str, Any]) -> dict[str, Any]:
    """Execute a section's code from top to bottom; returns its variables."""
    for block in blocks(section):
        code = compile(block, f"observability.md: {section}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.isawaitable(result):
            await result
    return names


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """The sandbox in the place of the playground, with the credentials that the page shows."""
    async with Sandbox(orders=1, username="K123_shop", password="...", limit=50) as served:
        known = environment.ENVIRONMENTS["eu-playground"]
        monkeypatch.setattr(environment, "ENVIRONMENTS", {"eu-playground": evolve(known, base_url=served.url)})
        yield served


@pytest.fixture
def order_id(sandbox: Sandbox) -> str:
    return str(next(sandbox.order_ids))


async def test_the_recipe_for_opentelemetry_runs(sandbox: Sandbox, order_id: str) -> None:
    names = await run("OpenTelemetry", {"order_id": order_id})

    await names["klarna"].aclose()
    assert sandbox.effects(order_id, "orders.acknowledge") == 1


@pytest.fixture
def _empty_registry() -> Iterator[None]:
    before = set(REGISTRY._collector_to_names)
    yield
    for collector in set(REGISTRY._collector_to_names) - before:
        REGISTRY.unregister(collector)


@pytest.mark.usefixtures("_empty_registry")
async def test_prometheus_has_calls_attempts_waits_budget_and_rate(sandbox: Sandbox, order_id: str) -> None:
    sandbox.fail_next(1, status=503)

    names = await run("Prometheus", {"order_id": order_id})

    await names["klarna"].aclose()
    call = {"operation": "orders.acknowledge"}
    assert REGISTRY.get_sample_value("klarna_calls_total", {**call, "outcome": "done"}) == 1
    assert REGISTRY.get_sample_value("klarna_request_seconds_count", {**call, "result": "503"}) == 1
    assert REGISTRY.get_sample_value("klarna_request_seconds_count", {**call, "result": "204"}) == 1
    assert REGISTRY.get_sample_value("klarna_wait_seconds_count", {"lane": "live"}) == 2
    assert REGISTRY.get_sample_value("klarna_retry_budget") == 500
    assert REGISTRY.get_sample_value("klarna_rate") == pytest.approx(47.5, rel=0.1)


@pytest.fixture
def _structlog_as_it_was() -> Iterator[None]:
    import structlog

    yield
    structlog.reset_defaults()
    for name in ("klarna_om", "shop"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.usefixtures("_structlog_as_it_was")
async def test_structlog_has_the_correlation_id_in_our_lines_and_the_shops(
    sandbox: Sandbox, order_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with KlarnaClient("eu-playground", username="K123_shop", password="...") as klarna:
        reply = await klarna.reply(klarna.orders.get(order_id))
        await run("structlog", {"order_id": order_id, "klarna": klarna})

    ours, own = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours["klarna_operation"] == "orders.acknowledge"
    assert ours["klarna_correlation_id"] == own["klarna_correlation_id"] != reply.correlation_id
    assert (own["event"], own["level"], own["order_id"]) == ("order stored", "info", order_id)
    assert ours["klarna_outcome"] == "done"


SENTRY = """
import asyncio, functools, json, sys
import sentry_sdk
from sentry_sdk.transport import Transport
from klarna_om import KlarnaClient
from tests.support.wire import json_answer, wire
from tests.test_observability import run

class Recording(Transport):
    def capture_envelope(self, envelope):
        events.append(envelope.get_event())

async def in_transaction(request, below):
    with sentry_sdk.start_transaction(name="ship"):
        return await below(request)

async def main():
    sentry_sdk.init = functools.partial(sentry_sdk.init, transport=Recording, traces_sample_rate=1.0)
    async with wire([json_answer({"error_code": "CANCEL_NOT_ALLOWED", "correlation_id": "c-1"}, 403)]) as server:
        # Its session is made at the first call, after Sentry's start.
        klarna = KlarnaClient(server.url, username="u", password="secret", middleware=[in_transaction])
        await run("Sentry", {"klarna": klarna, "captured_order_id": "7849fd84-47dc-4919-a7ce-47b9f461562f"})
        await klarna.aclose()
        return dict(server.requests[0].headers)

events = []
headers = asyncio.run(main())
print(json.dumps({"headers": headers, "events": [event for event in events if event]}))
"""


def test_sentry_sees_correlation_id_order_and_key_and_sends_klarna_no_trace() -> None:
    ended = subprocess.run([sys.executable, "-c", SENTRY], capture_output=True, text=True, check=False, cwd=ROOT)

    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    key = seen["headers"]["klarna-idempotency-key"]
    (event,) = (event for event in seen["events"] if "exception" in event)
    assert event["tags"] == {
        "klarna.operation": "orders.cancel",
        "klarna.order_id": "7849fd84-47dc-4919-a7ce-47b9f461562f",
        "klarna.outcome": "refused",
        "klarna.error_code": "CANCEL_NOT_ALLOWED",
        "klarna.correlation_id": "signed",
        "klarna.idempotency_key": key,
    }
    (value,) = [value["value"] for value in event["exception"]["values"] if value["type"] == "NotAllowed"]
    assert f"Klarna-Idempotency-Key: {key}" in value
    assert {"sentry-trace", "baggage", "traceparent"} & set(seen["headers"]) == set()
    assert "secret" not in ended.stdout


def test_every_section_with_code_is_run_here() -> None:
    assert {name for name in SECTIONS if blocks(name)} == {"OpenTelemetry", "Prometheus", "structlog", "Sentry"}

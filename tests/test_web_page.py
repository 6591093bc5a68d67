"""docs/web.md is true: its programs run in real servers, against the sandbox."""

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.structuring import to_dict
from klarna_om.web import error_response
from klarna_om.webhooks.push import STATUS
from tests.support.web_servers import serve_aiohttp, serve_asgi

PAGE = (Path(__file__).parents[1] / "docs/web.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^```python\n# (\w+)\.py\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
TOKEN = "a-long-random-text"


@pytest.fixture
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, klarna_sandbox: Sandbox) -> Iterator[None]:
    """The programs as files of a shop, which has the sandbox in its environment."""
    for name, text in PROGRAMS.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PUSH_TOKEN", TOKEN)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", klarna_sandbox.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", klarna_sandbox.username)
    monkeypatch.setenv("KLARNA_OM_PASSWORD", klarna_sandbox.password)
    yield
    for name in PROGRAMS:
        sys.modules.pop(name, None)


def serve(program: str) -> AbstractAsyncContextManager[str]:
    app: Any = import_module(program).app
    return serve_aiohttp(app) if program == "aiohttp_shop" else serve_asgi(app)


async def call(method: str, url: str, **more: Any) -> tuple[int, Any]:
    async with aiohttp.request(method, url, **more) as response:
        is_json = response.content_type == "application/json"
        return response.status, await response.json() if is_json and response.status != 404 else None


@pytest.mark.usefixtures("_programs")
@pytest.mark.parametrize("program", ["fastapi_shop", "aiohttp_shop", "litestar_shop"])
async def test_a_shop_receives_pushes_and_shows_orders(program: str, klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=1000)
    async with serve(program) as url:
        push = f"{url}/klarna/push/{TOKEN}?klarna_order_id={order.order_id}"
        statuses = [status for status, _ in await asyncio.gather(*(call("POST", push) for _ in range(10)))]
        forged, _ = await call("POST", push.replace(TOKEN, "x"))
        shown = await call("GET", f"{url}/orders/{order.order_id}")
        unknown, _ = await call("GET", f"{url}/orders/00000000-0000-4000-8000-000000000000")

    assert (statuses, forged, unknown) == ([200] * 10, 404, 404)
    assert shown == (200, to_dict(order))
    assert (klarna_sandbox.acknowledgements, klarna_sandbox.is_acknowledged(order.order_id or "")) == (1, True)


@pytest.mark.usefixtures("_programs")
async def test_the_fastapi_shop_captures_under_a_key_of_its_own(klarna_sandbox: Sandbox) -> None:
    order_id = klarna_sandbox.order(order_amount=1000).order_id or ""
    body = {"captured_amount": 300}
    async with serve("fastapi_shop") as url:
        first = await call("PUT", f"{url}/orders/{order_id}/captures/shipment-7", json=body)
        second = await call("PUT", f"{url}/orders/{order_id}/captures/shipment-7", json=body)
        ready = await call("GET", f"{url}/ready")

    assert first == second
    assert (first[0], ready[0], klarna_sandbox.effects(order_id, "captures.create")) == (200, 200, 1)


@pytest.mark.usefixtures("_programs")
async def test_a_route_of_the_shops_own_receives_a_push(klarna_sandbox: Sandbox) -> None:
    order_id = klarna_sandbox.order().order_id
    async with serve("injected") as url:
        status, _ = await call("POST", f"{url}/klarna/push?klarna_order_id={order_id}&token={TOKEN}")

    assert (status, klarna_sandbox.acknowledgements) == (200, 1)


@pytest.mark.usefixtures("_programs")
async def test_the_outboxs_drain_beside_the_requests_captures_once(klarna_sandbox: Sandbox) -> None:
    order_id = klarna_sandbox.order(order_amount=1000).order_id or ""
    async with serve("outbox_shop") as url:
        address = f"{url}/orders/{order_id}/shipments/shipment-7?amount="
        first, again = await call("PUT", f"{address}300"), await call("PUT", f"{address}300")
        other, _ = await call("PUT", f"{address}301")
        async with asyncio.timeout(10):
            while not klarna_sandbox.effects(order_id, "captures.create"):
                await asyncio.sleep(0.02)

    assert (first[0], first, other) == (202, again, 409)
    assert klarna_sandbox.effects(order_id, "captures.create") == 1


def test_the_table_of_results_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\d{3}) \|", PAGE, re.MULTILINE)

    shown = {result: int(status) for results, status in rows for result in re.findall(r"\w+", results)}

    assert shown == {str(result): status for result, status in STATUS.items()}


def test_the_table_of_statuses_is_that_of_the_docstring() -> None:
    def statuses(text: str) -> list[str]:
        return re.findall(r"^ *\| (\d{3}) \|.*\| (\w[^|]*) \|$", text, re.MULTILINE)

    assert len(statuses(PAGE)) == 6
    assert statuses(PAGE) == statuses(error_response.__doc__ or "")

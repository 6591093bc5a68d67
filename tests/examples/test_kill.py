"""A shop is killed after Klarna has captured and before the shop knows: another process finds the capture."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from klarna_om.sandbox import Sandbox
from tests.examples.client import Caller, started, until
from tests.examples.conftest import on
from tests.support.web_servers import free_port

ROOT = Path(__file__).parents[2]

COMMANDS = {
    "fastapi": ["uvicorn", "--factory", "examples.fastapi_shop.app:make_app", "--port"],
    "aiohttp": ["aiohttp.web", "--hostname", "127.0.0.1", "examples.aiohttp_shop.app:make_app", "--port"],
}


@contextmanager
def process(framework: str, port: int) -> "Iterator[subprocess.Popen[bytes]]":
    """A shop as it is started in production."""
    command = [sys.executable, "-m", *COMMANDS[framework], str(port)]
    shop = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield shop
    finally:
        shop.kill()
        shop.wait()


async def end_leases(database_url: str) -> None:
    """What 20 seconds would do."""
    engine = create_async_engine(database_url)
    table = "klarna_om_intents" if engine.dialect.name == "sqlite" else "klarna_om.intents"
    async with engine.begin() as connection:
        await connection.execute(text(f"update {table} set lease_until = created where lease_until is not null"))
    await engine.dispose()


@pytest.mark.usefixtures("_environment")
@on(("fastapi", "sqlite"), ("aiohttp", "postgresql"))
async def test_a_shipment_is_captured_once_although_the_shop_is_killed(
    framework: str, database_url: str, klarna_sandbox: Sandbox
) -> None:
    port = free_port()
    caller = Caller(f"http://127.0.0.1:{port}", klarna_sandbox)
    with process(framework, port) as shop:
        await started(caller.url)
        order_id = await caller.pushed_order()
        klarna_sandbox.fail_next(1, fault="hang-after", operation="captures.create")
        await caller.move(order_id, "shipments/shipment-1", 700)
        await until(lambda: klarna_sandbox.effects(order_id, "captures.create") == 1)
        shop.send_signal(signal.SIGKILL)
    await end_leases(database_url)

    with process(framework, port):
        await started(caller.url)
        shipment = await caller.settled("/shipments/shipment-1")

    (capture,) = klarna_sandbox.get(order_id).captures
    assert (shipment["state"], shipment["klarna_id"]) == ("done", capture.capture_id)
    assert klarna_sandbox.effects(order_id, "captures.create") == 1

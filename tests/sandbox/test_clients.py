"""`Sandbox.client()`: a client that is ready, and closed in time, whatever ends first."""

import asyncio
import gc
import threading
import warnings

import pytest

from klarna_om import ClientClosed, KeyExpired, KlarnaClient, Unauthorized
from klarna_om.sandbox import Sandbox
from tests.sandbox.ledger_driver import clock_at_noon


async def is_closed(klarna: KlarnaClient) -> bool:
    try:
        await klarna.orders.get("7849fd84-47dc-4919-a7ce-47b9f461562f")
    except ClientClosed:
        return True
    except Exception:  # noqa: BLE001 - whatever else it is, the client has tried
        return False
    return False


async def test_a_client_calls_its_sandbox(sandbox: Sandbox) -> None:
    order_id = sandbox.order().order_id or ""

    await sandbox.client().orders.acknowledge(order_id)

    assert sandbox.is_acknowledged(order_id)


async def test_a_client_is_closed_with_its_sandbox() -> None:
    async with Sandbox() as sandbox:
        klarna = sandbox.client()
        await klarna.orders.acknowledge(sandbox.order().order_id or "")

    assert await is_closed(klarna)


async def test_a_client_may_be_closed_before(sandbox: Sandbox) -> None:
    async with sandbox.client() as klarna:
        await klarna.orders.acknowledge(sandbox.order().order_id or "")

    assert await is_closed(klarna)


async def test_settings_are_those_of_the_client(sandbox: Sandbox) -> None:
    klarna = sandbox.client(api_key=sandbox.api_key, total_timeout=7)

    await klarna.orders.acknowledge(sandbox.order().order_id or "")

    with pytest.raises(Unauthorized):
        await sandbox.client(password="another").orders.get(sandbox.order().order_id or "")


async def test_a_key_ages_by_the_clock_of_the_sandbox() -> None:
    async with Sandbox(clock=clock_at_noon()) as sandbox:
        order_id = sandbox.order().order_id or ""
        sandbox.fail_next(1, status=503)

        async def a_day_passes(seconds: float) -> None:
            sandbox.clock.advance(hours=25)

        with pytest.raises(KeyExpired):
            await sandbox.client(sleep=a_day_passes).orders.acknowledge(order_id)


async def test_a_client_is_closed_with_a_sandbox_in_a_thread() -> None:
    with Sandbox() as sandbox:
        klarna = sandbox.client()
        await klarna.orders.acknowledge(sandbox.order().order_id or "")
    for _ in range(5):
        await asyncio.sleep(0)

    assert await is_closed(klarna)


@pytest.mark.filterwarnings("error")
def test_a_client_is_closed_with_its_event_loop() -> None:
    async def acknowledge(sandbox: Sandbox) -> KlarnaClient:
        klarna = sandbox.client()
        await klarna.orders.acknowledge(sandbox.order().order_id or "")
        return klarna

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Sandbox() as sandbox:
            klarna = asyncio.run(acknowledge(sandbox))
            is_closed_before = klarna._shared.http._closed.is_set()
        del klarna
        gc.collect()

    assert is_closed_before
    assert not caught


def test_a_client_of_a_loop_that_stands_still_is_closed_with_its_sandbox() -> None:
    async def acknowledge(sandbox: Sandbox) -> KlarnaClient:
        klarna = sandbox.client()
        await klarna.orders.acknowledge(sandbox.order().order_id or "")
        return klarna

    with asyncio.Runner() as runner:
        with Sandbox() as sandbox:
            klarna = runner.run(acknowledge(sandbox))
        is_closed_before = klarna._shared.http._closed.is_set()

    assert is_closed_before


async def test_each_event_loop_closes_its_own_clients(sandbox: Sandbox) -> None:
    async def make() -> None:
        sandbox.client()

    thread = threading.Thread(target=lambda: asyncio.run(make()))
    thread.start()
    await asyncio.to_thread(thread.join)
    klarna = sandbox.client()

    await sandbox._aclose_clients()

    assert await is_closed(klarna)


def test_without_an_event_loop_there_is_no_client() -> None:
    with Sandbox() as sandbox, pytest.raises(RuntimeError, match="no running event loop"):
        sandbox.client()

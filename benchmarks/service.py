"""What does it cost a web service that reads and acknowledges an order on each push?

How to read it: an aiohttp.web application on one core gets pushes, 50 or 200 at a time, from another process; for each
it reads the order and acknowledges it at a server that takes 20 to 40 ms for each answer. CPU is the service's own, a
push; "lag" is how late its event loop wakes a task that sleeps 5 ms (99th percentile): how long every other request of
the service is delayed. p50 and p99 are the times of a push as its sender sees them. Memory is that of the process at
the end, and its growth during the run.
With 200 at once the core is full: the lag is then about one turn of the loop, and httpx does a tenth of the work.
What would falsify it: our client needing more than 1.3 x the CPU of aiohttp by hand (which has no retry, no pace and
no types), or lagging more than httpx with 50 at once.
"""

import argparse
import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from statistics import quantiles
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from attrs import frozen

from benchmarks import documents
from benchmarks.contenders import AUTHORIZATION, KEY, ORDERS, PASSWORD, USER
from benchmarks.generated import module
from benchmarks.machine import CLIENT_CORE, SERVER_CORE, pin, pin_for_block, resident_bytes, version
from benchmarks.server import ROOT, own_server
from benchmarks.tables import Aim, Table, aims_table, at_most

OURS, BY_HAND, HTTPX = "klarna_om", "aiohttp by hand", "httpx"

Handle = Callable[[str], Awaitable[None]]
Open = Callable[[str, int], Awaitable[tuple[Handle, Callable[[], Awaitable[None]]]]]


@frozen
class Measured:
    """The result of one run. Times are in seconds, memory in bytes."""

    cpu: float
    lag: float
    p50: float
    p99: float
    rate: float
    memory: int
    memory_growth: int


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    pushes = 8000 if full else 1000
    names = [name for name in SERVICES if name != HTTPX or version("httpx")]
    tables: list[Table] = []
    aims: list[Aim] = []
    for at_once in (50, 200):
        results = {name: run(name, at_once, pushes // 4 if name == HTTPX else pushes) for name in names}
        columns = ("", "CPU a push", "lag p99", "push p50", "push p99", "pushes/s", "memory")
        tables.append(Table(f"{at_once} pushes at once", columns, [_row(name, one) for name, one in results.items()]))
        ratio = results[OURS].cpu / results[BY_HAND].cpu
        aims.append(at_most(f"{at_once} at once: CPU beside aiohttp by hand", ratio, 1.3))
        if HTTPX in results and at_once == 50:
            aims.append(at_most(f"{at_once} at once: lag beside httpx", results[OURS].lag / results[HTTPX].lag, 1.0))
    return [*tables, aims_table(aims)]


def run(name: str, at_once: int, pushes: int) -> Measured:
    """One service with one client, and its pushes."""
    with own_server(quickest=0.02, slowest=0.04) as klarna, pin_for_block(SERVER_CORE), ExitStack() as exit_stack:
        command = [sys.executable, "-m", "benchmarks.service", "--serve", name, "--url", klarna.url]
        service = exit_stack.enter_context(
            subprocess.Popen([*command, "--most", str(at_once)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        )
        exit_stack.callback(service.terminate)
        assert service.stdout is not None
        port = int(service.stdout.readline())
        url = f"http://127.0.0.1:{port}"
        asyncio.run(_push(url, at_once, at_once * 2))  # connections are opened, code is warm
        before, memory = asyncio.run(_read_stats(url)), resident_bytes(service.pid)
        began = time.monotonic()
        times = asyncio.run(_push(url, at_once, pushes))
        took = time.monotonic() - began
        after = asyncio.run(_read_stats(url))
        growth = resident_bytes(service.pid) - memory
    cuts = quantiles(times, n=100)
    lags = quantiles(after["lags"], n=100)
    return Measured(
        (after["cpu"] - before["cpu"]) / pushes, lags[98], cuts[49], cuts[98], pushes / took, memory + growth, growth
    )


def _row(name: str, result: Measured) -> Sequence[str]:
    memory = f"{result.memory / 2**20:.0f} MB, +{result.memory_growth / 2**20:.1f}"
    times = (f"{result.cpu * 1e6:.0f} us", *(f"{one * 1e3:.1f} ms" for one in (result.lag, result.p50, result.p99)))
    return (name, *times, f"{result.rate:,.0f}", memory)


async def _push(url: str, at_once: int, pushes: int) -> list[float]:
    times: list[float] = []
    numbers = iter(range(pushes))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

        async def work() -> None:
            for number in numbers:
                started = time.monotonic()
                async with session.post(f"{url}/push?klarna_order_id={documents.order_id(number)}") as answer:
                    assert answer.status == 200, await answer.text()
                times.append(time.monotonic() - started)

        await asyncio.gather(*(work() for _ in range(at_once)))
    return times


async def _read_stats(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/stats") as answer:
        return await answer.json()


# What follows runs in the process of the service.


async def ours(url: str, most: int) -> tuple[Handle, Callable[[], Awaitable[None]]]:
    """Read and acknowledge with this library."""
    from klarna_om import KlarnaClient, Pacer

    klarna = KlarnaClient(url, username=USER, password=PASSWORD, in_flight=most, pace=Pacer(1_000_000))

    async def handle(order_id: str) -> None:
        order = await klarna.orders.get(order_id)
        assert order.order_id
        await klarna.orders.acknowledge(order_id)

    return handle, klarna.aclose


async def by_hand(url: str, most: int) -> tuple[Handle, Callable[[], Awaitable[None]]]:
    """Read and acknowledge with aiohttp; an order is a dictionary."""
    headers = {"Authorization": AUTHORIZATION}
    session = aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=most))

    async def handle(order_id: str) -> None:
        async with session.get(f"{url}{ORDERS}/{order_id}", raise_for_status=True) as answer:
            assert (await answer.json())["order_id"]
        path = f"{ORDERS}/{order_id}/acknowledge"
        async with session.post(f"{url}{path}", headers={KEY: str(uuid4())}, raise_for_status=True) as answer:
            await answer.read()

    return handle, session.close


async def with_httpx(url: str, most: int) -> tuple[Handle, Callable[[], Awaitable[None]]]:
    """Read and acknowledge with httpx; an order is a dictionary."""
    httpx = module("httpx")
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
    client = httpx.AsyncClient(base_url=url, auth=(USER, PASSWORD), limits=limits, timeout=60)

    async def handle(order_id: str) -> None:
        answer = await client.get(f"{ORDERS}/{order_id}")
        assert answer.raise_for_status().json()["order_id"]
        answer = await client.post(f"{ORDERS}/{order_id}/acknowledge", headers={KEY: str(uuid4())})
        answer.raise_for_status()

    return handle, client.aclose


SERVICES: dict[str, Open] = {OURS: ours, BY_HAND: by_hand, HTTPX: with_httpx}


async def application(name: str, url: str, most: int) -> web.Application:
    """The service: `/push` works, `/stats` reports what it cost."""
    handle, close = await SERVICES[name](url, most)
    lags: list[float] = []

    async def push(request: web.Request) -> web.Response:
        await handle(request.query["klarna_order_id"])
        return web.Response()

    async def stats(_: web.Request) -> web.Response:
        cpu, latest = time.process_time(), lags.copy()
        lags.clear()
        return web.json_response({"cpu": cpu, "lags": latest})

    async def watch(_: web.Application) -> Any:
        task = asyncio.create_task(_watch(lags))
        yield
        task.cancel()
        await close()

    app = web.Application()
    app.add_routes([web.post("/push", push), web.get("/stats", stats)])
    app.cleanup_ctx.append(watch)
    return app


async def _watch(lags: list[float]) -> None:
    while True:
        started = time.monotonic()
        await asyncio.sleep(0.005)
        lags.append(time.monotonic() - started - 0.005)


async def _serve(name: str, url: str, most: int) -> None:
    runner = web.AppRunner(await application(name, url, most), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def _service() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", choices=SERVICES)
    parser.add_argument("--url")
    parser.add_argument("--most", type=int)
    given = parser.parse_args()
    pin(CLIENT_CORE)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(_serve(given.serve, given.url, given.most))


if __name__ == "__main__":
    if "--serve" in sys.argv:
        _service()
    else:
        from benchmarks.__main__ import alone

        alone("service")

"""What does it cost a web service to receive pushes, and to execute what an outbox holds?

How to read it: an aiohttp.web application on one core gets pushes, 50 or 200 at a time, from another process. For each
it reads the order at a server that takes 20 to 40 ms for each answer, stores it (in memory, so that the
difference is the client's), and acknowledges it: ours with `handle_push`, the others by hand. The services take turns,
round by round; "x" is the ratio to aiohttp by hand in the same round. CPU is the service's own, a push; "lag" is how
late its event loop wakes a task that sleeps 5 ms (99th percentile): how long every other request of the service is
delayed. p50 and p99 are the times of a push as its sender sees them. Memory is that of the process at the end, and its
growth during the run. With 200 at once the core is full: the lag is then about one turn of the loop, and httpx does a
tenth of the work. The outbox is measured in `outbox.py`, which says how to read its tables.
What would falsify it: `handle_push` needing more than 1.3 x the CPU of aiohttp by hand (which has no token, no budget,
no joining of pushes, no retry, no pace and no types), or lagging more than httpx with 50 at once; an outbox whose
99th percentile from commit to effect is above 50 ms, or above that of a loop that polls ten times a second.
"""

import argparse
import asyncio
import logging
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from attrs import frozen

from benchmarks import documents, outbox
from benchmarks.contenders import AUTHORIZATION, KEY, ORDERS, PASSWORD, USER
from benchmarks.generated import module
from benchmarks.machine import CLIENT_CORE, SERVER_CORE, pin, pin_for_block, resident_bytes, version
from benchmarks.server import ROOT, own_server
from benchmarks.tables import Aim, Table, aims_table, at_most

OURS, BY_HAND, HTTPX = "klarna_om", "aiohttp by hand", "httpx"

Handle = Callable[[str], Awaitable[int]]
"""Takes an order's id, and returns the status of the answer."""
Open = Callable[[str, int], Awaitable[tuple[Handle, Callable[[], Awaitable[None]]]]]


@frozen
class Measured:
    """The result of one round. Times are in seconds, memory in bytes."""

    cpu: float
    lag: float
    p50: float
    p99: float
    rate: float
    memory: int
    memory_growth: int


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    rounds, pushes = (7, 1200) if full else (3, 400)
    names = [name for name in SERVICES if name != HTTPX or version("httpx")]
    tables: list[Table] = []
    aims: list[Aim] = []
    for at_once in (50, 200):
        results = run(names, at_once, pushes, rounds)
        columns = ("", "CPU a push", "ratio", "lag p99", "push p50", "push p99", "pushes/s", "memory")
        rows = [_row(name, one, _ratio(results, name)) for name, one in results.items()]
        tables.append(Table(f"{at_once} pushes at once", columns, rows))
        aims.append(at_most(f"{at_once} at once: CPU beside aiohttp by hand", _ratio(results, OURS), 1.3))
        if HTTPX in results and at_once == 50:
            lag = median(one.lag for one in results[OURS]) / median(one.lag for one in results[HTTPX])
            aims.append(at_most(f"{at_once} at once: lag beside httpx", lag, 1.0))
    outbox_tables, outbox_aims = outbox.measure(full)
    return [*tables, *outbox_tables, aims_table([*aims, *outbox_aims])]


Results = dict[str, list[Measured]]
"""The rounds of each service."""


def run(names: Sequence[str], at_once: int, pushes: int, rounds: int) -> Results:
    """One service for each client, with its pushes in turns; httpx, which is slow, gets a quarter of them."""
    results: Results = {name: [] for name in names}
    with (
        own_server(quickest=0.02, slowest=0.04, is_captured=False) as klarna,
        pin_for_block(SERVER_CORE),
        ExitStack() as exit_stack,
    ):
        services = {name: exit_stack.enter_context(_service(name, klarna.url, at_once)) for name in names}
        for url, _ in services.values():
            asyncio.run(_push(url, at_once, at_once * 2))  # connections are opened, code is warm
        for number in range(rounds):
            start = number % len(names)
            for name in [*names[start:], *names[:start]]:
                share = max(at_once, pushes // 4) if name == HTTPX else pushes
                results[name].append(_round(*services[name], at_once, share))
    return results


@contextmanager
def _service(name: str, klarna_url: str, at_once: int) -> Iterator[tuple[str, int]]:
    """A service in its own process; yields its URL and process id."""
    command = [sys.executable, "-m", "benchmarks.service", "--serve", name, "--url", klarna_url]
    with subprocess.Popen([*command, "--most", str(at_once)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            yield f"http://127.0.0.1:{int(service.stdout.readline())}", service.pid
        finally:
            service.terminate()


def _round(url: str, pid: int, at_once: int, pushes: int) -> Measured:
    before, memory = asyncio.run(_read_stats(url)), resident_bytes(pid)
    began = time.monotonic()
    times = asyncio.run(_push(url, at_once, pushes))
    took = time.monotonic() - began
    after = asyncio.run(_read_stats(url))
    cuts = quantiles(times, n=100)
    lags = quantiles(after["lags"], n=100)
    used = resident_bytes(pid)
    cpu = (after["cpu"] - before["cpu"]) / pushes
    return Measured(cpu, lags[98], cuts[49], cuts[98], pushes / took, used, used - memory)


def _ratio(results: Results, name: str) -> float:
    return median(one.cpu / by_hand.cpu for one, by_hand in zip(results[name], results[BY_HAND], strict=True))


def _row(name: str, rounds: Sequence[Measured], ratio: float) -> Sequence[str]:
    cpu, lag, p50, p99, rate = (
        median(getattr(one, field) for one in rounds) for field in ("cpu", "lag", "p50", "p99", "rate")
    )
    growth = sum(one.memory_growth for one in rounds) / 2**20
    memory = f"{rounds[-1].memory / 2**20:.0f} MB, {growth:+.1f}"
    times = (f"{one * 1e3:.1f} ms" for one in (lag, p50, p99))
    return (name, f"{cpu * 1e6:.0f} us", f"{ratio:.2f} x", *times, f"{rate:,.0f}", memory)


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
    """Receive a push with this library."""
    from klarna_om import KlarnaClient, Order, Pacer
    from klarna_om.webhooks import handle_push

    klarna = KlarnaClient(url, username=USER, password=PASSWORD, in_flight=most, pace=Pacer(1_000_000))
    stored = deque[Order](maxlen=1)

    async def store(order: Order) -> bool:
        stored.append(order)
        return True

    async def handle(order_id: str) -> int:
        push = await handle_push(klarna, order_id, store=store, token="token", expected="token")
        return push.status

    return handle, klarna.aclose


async def by_hand(url: str, most: int) -> tuple[Handle, Callable[[], Awaitable[None]]]:
    """Receive a push with aiohttp; an order is a dictionary."""
    headers = {"Authorization": AUTHORIZATION}
    session = aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=most))
    stored = deque[Any](maxlen=1)

    async def handle(order_id: str) -> int:
        async with session.get(f"{url}{ORDERS}/{order_id}", raise_for_status=True) as answer:
            order = await answer.json()
        assert order["order_id"] == order_id
        stored.append(order)
        path = f"{ORDERS}/{order_id}/acknowledge"
        async with session.post(f"{url}{path}", headers={KEY: str(uuid4())}, raise_for_status=True) as answer:
            await answer.read()
        return 200

    return handle, session.close


async def with_httpx(url: str, most: int) -> tuple[Handle, Callable[[], Awaitable[None]]]:
    """Receive a push with httpx; an order is a dictionary."""
    httpx = module("httpx")
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
    client = httpx.AsyncClient(base_url=url, auth=(USER, PASSWORD), limits=limits, timeout=60)
    stored = deque[Any](maxlen=1)

    async def handle(order_id: str) -> int:
        answer = await client.get(f"{ORDERS}/{order_id}")
        order = answer.raise_for_status().json()
        assert order["order_id"] == order_id
        stored.append(order)
        answer = await client.post(f"{ORDERS}/{order_id}/acknowledge", headers={KEY: str(uuid4())})
        answer.raise_for_status()
        return 200

    return handle, client.aclose


SERVICES: dict[str, Open] = {OURS: ours, BY_HAND: by_hand, HTTPX: with_httpx}


async def application(name: str, url: str, most: int) -> web.Application:
    """The service: `/push` works, `/stats` reports what it cost."""
    handle, close = await SERVICES[name](url, most)
    lags: list[float] = []

    async def push(request: web.Request) -> web.Response:
        return web.Response(status=await handle(request.query["klarna_order_id"]))

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


def _serve_alone() -> None:
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
        _serve_alone()
    else:
        from benchmarks.__main__ import alone

        alone("service")

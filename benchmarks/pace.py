"""How much of the merchant's limit is used, and how many 429s does it cost?

How to read it: a Klarna-like server (latency of 40 to 120 ms, rate-limit headers on every answer) allows 400 requests
a second and counts what it admits and turns away. "used" is the share of the limit that it admitted, in whole seconds;
"429" is the share of all requests that it turned away. Each sender always has more to send. With two processes the
limit is shared, and each is configured for the whole limit, as two workers of one merchant are. The semaphore is
given the mean latency, which is not known in advance.
How processes share one pace is measured in `shared_pace.py`.
The wall clock counts here, not the CPU: a busy machine makes all results worse.
What would falsify it: less than 93 % of the limit used or any 429 in one process with a fixed window; under a limit
half of the configured one more than 2 % of 429 or a pace that has not settled after 3 s; a live call that waits more
than 100 ms (99th percentile) while a batch runs.
"""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from statistics import quantiles
from typing import Any, Literal

import aiohttp
from attrs import field, frozen

from benchmarks import documents
from benchmarks.contenders import AUTHORIZATION, KEY, ORDERS, PASSWORD, USER
from benchmarks.generated import module
from benchmarks.machine import CLIENT_CORE, pin, version
from benchmarks.server import ROOT, Kind, own_server
from benchmarks.tables import Aim, Table, aims_table, at_least, at_most
from klarna_om import Credentials, Environment
from klarna_om.pace.find_pace import VARIABLE
from klarna_om.pace.machine_file import path_of
from klarna_om.pace.merchant import merchant_of

LIMIT = 400
IN_FLIGHT = 64
QUICKEST, SLOWEST = 0.04, 0.12
OURS = "klarna_om"
BARS_TITLE = "One process, fixed window: limit used and 429s, percent"


@frozen
class Counts:
    """What the server counted by the second."""

    accepted: Sequence[int]
    refused: Sequence[int]
    waits: Sequence[float] = field(default=())
    """Of live calls, in seconds."""

    def share_used(self, limit: int, start: int = 1) -> float:
        """The share of the limit that was admitted in whole seconds from the `start` one, without the last."""
        whole = self.accepted[start:-1] or self.accepted
        return sum(whole) / (limit * max(1, len(whole)))

    @property
    def share_refused(self) -> float:
        """The share of the requests that got a 429."""
        return sum(self.refused) / max(1, sum(self.accepted) + sum(self.refused))


@frozen
class Case:
    """One run against one server."""

    who: str
    kind: Kind = "fixed window"
    processes: int = 1
    limit: int = LIMIT
    """What the server allows."""
    live: bool = False
    """With a live call now and then, in a process of its own where there are several."""
    pace: str = "shared"
    """Who shares the pace of ours."""
    configured: int = LIMIT
    """What every sender is configured for."""


def main(full: bool) -> list[Table]:
    """Measure and tabulate; the quick run leaves two processes out and has several cases at once."""
    seconds, numbers = (15.0, (1, 2)) if full else (4.0, (1,))
    present = [name for name in SENDERS if name != "aiolimiter" or version("aiolimiter")]
    kinds: tuple[Kind, ...] = ("fixed window", "token bucket")
    cases = [Case(name, kind, processes) for kind in kinds for processes in numbers for name in present]
    half, live = Case(OURS, limit=LIMIT // 2), Case(OURS, live=True)
    with ThreadPoolExecutor(1 if full else 4) as pool:
        results = dict(
            zip([*cases, half, live], pool.map(lambda one: run(one, seconds), [*cases, half, live]), strict=True)
        )
    columns = ("", *(f"{kind}, {_processes(number)}" for kind in kinds for number in numbers))
    rows = [
        (name, *(_cell(results[Case(name, kind, number)]) for kind in kinds for number in numbers)) for name in present
    ]
    one = results[Case(OURS)]
    note = f"{seconds:.0f} s each, limit {LIMIT}/s." + ("" if "aiolimiter" in present else " Absent: aiolimiter.")
    bars = [(f"{name}: {what}", value * 100) for name in present for what, value in _bars(results[Case(name)])]
    aims = [
        at_least("one process, fixed window: share of the limit", one.share_used(LIMIT), 0.93),
        at_most("one process, fixed window: share of 429", one.share_refused, 0.0, "{:.2%}"),
        *_half_aims(results[half]),
        at_most(
            "live calls during a batch: ms of wait, 99th percentile",
            percentile(results[live].waits) * 1e3,
            100,
            "{:.0f}",
        ),
    ]
    return [Table("Used of the limit, and 429s", columns, rows, note, bars, BARS_TITLE), aims_table(aims)]


def _half_aims(counts: Counts) -> list[Aim]:
    settled = sum(counts.refused[3:]) == 0
    return [
        at_most("the limit is half of the configured one: share of 429", counts.share_refused, 0.02, "{:.2%}"),
        Aim(
            "the same: no 429 after 3 s",
            f"{sum(counts.refused[3:])} after 3 s, {sum(counts.refused[:3])} before",
            settled,
        ),
    ]


def _cell(counts: Counts) -> str:
    return f"{counts.share_used(LIMIT):.1%}, {counts.share_refused:.1%} of 429"


def _bars(counts: Counts) -> list[tuple[str, float]]:
    return [("limit used", counts.share_used(LIMIT)), ("429", counts.share_refused)]


def _processes(number: int) -> str:
    return "1 process" if number == 1 else f"{number} processes"


def percentile(waits: Sequence[float]) -> float:
    """The 99th."""
    return quantiles(waits, n=100)[-1] if len(waits) > 1 else float("inf")


def run(case: Case, seconds: float) -> Counts:
    """Send from the case's processes, and read the server's counts."""
    with (
        own_server(kind=case.kind, limit=case.limit, quickest=QUICKEST, slowest=SLOWEST) as server,
        ExitStack() as exit_stack,
    ):
        command = [sys.executable, "-m", "benchmarks.pace", "--send", case.who, "--url", server.url]
        command += ["--seconds", str(seconds), "--limit", str(case.configured)]
        kinds = ["both" if case.processes == 1 else "live", *["batch"] * (case.processes - 1)]
        senders = [
            exit_stack.enter_context(_start([*command, "--lanes", kind if case.live else "batch"], case.pace))
            for kind in kinds
        ]
        exit_stack.callback(_forget, case, server.url)
        outputs = [json.loads(sender.communicate(timeout=seconds + 60)[0]) for sender in senders]
        stats = read_stats(server.url)
    return count_by_second(stats, [wait for waits in outputs for wait in waits])


def _start(command: list[str], pace: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, VARIABLE: pace}
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment)


def _forget(case: Case, url: str) -> None:
    """The file in the machine's memory is of this server alone."""
    merchant = merchant_of(Environment("bench", url, case.configured), Credentials.password(USER, PASSWORD))
    path_of(merchant).unlink(missing_ok=True)


def read_stats(url: str) -> dict[str, Any]:
    """What the server has counts."""
    with urllib.request.urlopen(f"{url}/stats") as answer:
        stats: dict[str, Any] = json.load(answer)
    return stats


def count_by_second(stats: dict[str, Any], waits: Sequence[float] = ()) -> Counts:
    """The server's counts, second by second."""
    seconds = {int(second): numbers for second, numbers in stats["seconds"].items()}
    every = [seconds.get(second, [0, 0]) for second in range(min(seconds, default=0), max(seconds, default=0) + 1)]
    return Counts([one[0] for one in every], [one[1] for one in every], waits)


# What follows runs in the process of a sender.

Lanes = Literal["batch", "live", "both"]
Send = Callable[[str, float, int, Lanes], Coroutine[Any, Any, list[float]]]


async def ours(url: str, seconds: float, limit: int, lanes: Lanes) -> list[float]:
    """Send through this library, configured for the limit; give the waits of live calls."""
    from klarna_om import KlarnaClient, KlarnaError, Retry

    environment = Environment("bench", url, limit)
    waits: list[float] = []
    async with KlarnaClient(
        environment, username=USER, password=PASSWORD, retry=Retry.off(), in_flight=IN_FLIGHT
    ) as klarna:
        batch = klarna.with_options(lane="batch")

        async def acknowledge(order_id: str) -> None:
            try:
                await batch.orders.acknowledge(order_id)
            except KlarnaError:
                return

        async def call_live(until: float) -> None:
            await klarna.orders.acknowledge(documents.order_id(0))  # it opens the connections
            while time.monotonic() < until:
                await asyncio.sleep(0.1)
                started = time.monotonic()
                reply = await klarna.reply(klarna.orders.acknowledge(documents.order_id(0)))
                waits.append(time.monotonic() - started - reply.response.elapsed)

        until = time.monotonic() + seconds
        batches = [_send_until(until, acknowledge)] if lanes != "live" else []
        await asyncio.gather(*batches, *([call_live(until)] if lanes != "batch" else []))
    return waits


async def _raw(url: str, seconds: float, gate: Callable[[], Any]) -> list[float]:
    """Send with aiohttp by hand, each request through a gate."""
    headers = {"Authorization": AUTHORIZATION}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def acknowledge(order_id: str) -> None:
            async with gate(), session.post(f"{url}{ORDERS}/{order_id}/acknowledge", headers={KEY: order_id}) as answer:
                await answer.read()

        await _send_until(time.monotonic() + seconds, acknowledge)
    return []


async def aiolimiter(url: str, seconds: float, limit: int, _: Lanes) -> list[float]:
    """aiolimiter, configured for the limit."""
    limiter = module("aiolimiter").AsyncLimiter(limit, 1)
    return await _raw(url, seconds, lambda: limiter)


async def semaphore(url: str, seconds: float, limit: int, _: Lanes) -> list[float]:
    """As many at once as would meet the limit at the mean latency."""
    places = asyncio.Semaphore(int(limit * (QUICKEST + SLOWEST) / 2))
    return await _raw(url, seconds, lambda: places)


async def no_limiter(url: str, seconds: float, limit: int, lanes: Lanes) -> list[float]:
    """No limiter: as fast as the pool allows."""
    return await _raw(url, seconds, lambda: asyncio.Semaphore(1))


SENDERS: dict[str, Send] = {OURS: ours, "aiolimiter": aiolimiter, "semaphore": semaphore, "no limiter": no_limiter}


async def _send_until(until: float, call: Callable[[str], Awaitable[None]]) -> None:
    numbers = count()

    async def work() -> None:
        while time.monotonic() < until:
            await call(documents.order_id(next(numbers)))

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


def _sender() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--send", choices=SENDERS)
    parser.add_argument("--url")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--lanes", choices=("batch", "live", "both"))
    given = parser.parse_args()
    pin(CLIENT_CORE)
    logging.getLogger("klarna_om").setLevel(logging.CRITICAL)
    print(json.dumps(asyncio.run(SENDERS[given.send](given.url, given.seconds, given.limit, given.lanes))))


if __name__ == "__main__":
    if "--send" in sys.argv:
        _sender()
    else:
        from benchmarks.__main__ import alone

        alone("pace")

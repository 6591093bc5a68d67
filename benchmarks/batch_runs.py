"""The runs of `batch.py`, each in a process of its own: jobs, and what people write instead."""

import argparse
import asyncio
import json
import logging
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import aiohttp

from benchmarks.contenders import AUTHORIZATION, KEY, ORDERS, PASSWORD, USER
from benchmarks.generated import module
from benchmarks.machine import CLIENT_CORE, pin

IN_FLIGHT = 64
MIB = 2**20
BARE, OURS = "bare aiohttp workers", "klarna_om"


def some_order_ids(count: int) -> Iterator[str]:
    return (str(UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)) for number in range(1, count + 1))


async def volume(rows: int, _: str) -> dict[str, float]:
    """Load, run half, resume, and finish; then the journal alone."""
    from klarna_om.batch import SqliteJournal
    from klarna_om.batch.row_parser import RowParser
    from klarna_om.batch.rows import read_rows
    from klarna_om.batch.runner import run_all_rows

    start = _peak()
    with tempfile.TemporaryDirectory(prefix="klarna-om-bench-") as folder:
        path = Path(folder) / "orders.journal"
        began, calls = time.monotonic(), Calls(stop_after=rows // 2)
        async with SqliteJournal.open(path) as journal:
            await journal.load(read_rows(some_order_ids(rows), RowParser("orders.acknowledge")))
            loaded = rows / (time.monotonic() - began)
            began, cpu = time.monotonic(), time.process_time()
            await run_all_rows(calls.execution(journal))
            run, cpu = calls.count / (time.monotonic() - began), (time.process_time() - cpu) / calls.count
        resumed, calls = time.monotonic(), Calls()
        async with SqliteJournal.open(path) as journal:
            await journal.load(read_rows(some_order_ids(rows), RowParser("orders.acknowledge")))
            await run_all_rows(calls.execution(journal))
        memory = _peak() - start
        records, record_cpu = await _record(Path(folder) / "records.journal", min(rows, 200_000))
    return {
        "rows": rows,
        "loaded": loaded,
        "run": run,
        "cpu": cpu,
        "resume": calls.first - resumed,
        "memory": memory,
        "records": records,
        "record_cpu": record_cpu,
    }


class Calls:
    """An operation in memory that answers at once."""

    def __init__(self, stop_after: int | None = None) -> None:
        from klarna_om.batch import Stop

        self.count, self.first, self._stop_after, self.stop = 0, 0.0, stop_after, Stop()

    def execution(self, journal: Any) -> Any:
        """A job with this operation."""
        from klarna_om.batch.execution import Execution

        settings: dict[str, Any] = {"in_flight": IN_FLIGHT, "on_expired": "resend", "stop": self.stop}
        return Execution(journal=journal, sender=self, target="http://127.0.0.1", **settings)

    async def __call__(self, row: object, key: object) -> Any:
        """Count it."""
        from klarna_om.batch import SendResult

        self.first = self.first or time.monotonic()
        self.count += 1
        if self.count == self._stop_after:
            self.stop.request()
        return SendResult(204, "6d0e9c8f-2f1c-4b36-9a4b-0b0d6b7d8f10")


async def _record(path: Path, rows: int) -> tuple[float, float]:
    from klarna_om.batch import SqliteJournal, State
    from klarna_om.batch.journal import RowResult
    from klarna_om.batch.row_parser import RowParser
    from klarna_om.batch.rows import read_rows

    numbers = iter(range(1, rows + 1))
    async with SqliteJournal.open(path) as journal:
        await journal.load(read_rows(some_order_ids(rows), RowParser("orders.acknowledge")))

        async def write() -> None:
            for row in numbers:
                await journal.record(RowResult(row, State.DONE, 204, correlation_id="6d0e9c8f", attempts=1))

        began, cpu = time.monotonic(), time.process_time()
        await asyncio.gather(*(write() for _ in range(IN_FLIGHT)))
        return rows / (time.monotonic() - began), (time.process_time() - cpu) / rows


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def ours(rows: int, url: str) -> dict[str, float]:
    """A job with a journal on disk."""
    return await _run_job(rows, url)


async def service(rows: int, url: str) -> dict[str, float]:
    """The lag of the loop beside the job."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.005)
            lags.append(time.monotonic() - began - 0.005)

    task = asyncio.create_task(watch())
    await _run_job(rows, url)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return {"lag": quantiles(lags, n=100)[-1]}


async def _run_job(rows: int, url: str) -> dict[str, float]:
    from klarna_om import KlarnaClient, Pacer
    from klarna_om.batch import Job, run

    with tempfile.TemporaryDirectory(prefix="klarna-om-bench-") as folder:
        async with KlarnaClient(url, username=USER, password=PASSWORD, pace=Pacer(1e6)) as klarna:
            job = Job(
                "orders.acknowledge", some_order_ids(rows), journal=Path(folder) / "orders.journal", in_flight=IN_FLIGHT
            )
            return await _measure(rows, lambda: run(klarna, job))


async def workers(rows: int, url: str) -> dict[str, float]:
    """Workers of aiohttp that share an iterator."""
    ids = some_order_ids(rows)
    return await _by_hand(rows, url, lambda call: asyncio.gather(*(_work(call, ids) for _ in range(IN_FLIGHT))))


async def _work(call: Callable[[str], Awaitable[None]], ids: Iterator[str]) -> None:
    for order_id in ids:
        await call(order_id)


async def gather(rows: int, url: str) -> dict[str, float]:
    """A task for each row, behind a semaphore."""
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(call: Callable[[str], Awaitable[None]], order_id: str) -> None:
        async with places:
            await call(order_id)

    return await _by_hand(
        rows, url, lambda call: asyncio.gather(*(one(call, order_id) for order_id in some_order_ids(rows)))
    )


async def aiometer(rows: int, url: str) -> dict[str, float]:
    """Aiometer's `run_on_each`."""
    meter = module("aiometer")
    return await _by_hand(
        rows, url, lambda call: meter.run_on_each(call, list(some_order_ids(rows)), max_at_once=IN_FLIGHT)
    )


async def loop(rows: int, url: str) -> dict[str, float]:
    """One call after the other."""
    return await _by_hand(rows, url, lambda call: _work(call, some_order_ids(rows)))


async def _by_hand(
    rows: int, url: str, run: Callable[[Callable[[str], Awaitable[None]]], Awaitable[object]]
) -> dict[str, float]:
    headers = {"Authorization": AUTHORIZATION}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def acknowledge(order_id: str) -> None:
            async with session.post(f"{url}{ORDERS}/{order_id}/acknowledge", headers={KEY: order_id}) as answer:
                answer.raise_for_status()
                await answer.read()

        return await _measure(rows, lambda: run(acknowledge))


async def _measure(rows: int, run: Callable[[], Awaitable[object]]) -> dict[str, float]:
    began, cpu = time.monotonic(), time.process_time()
    await run()
    return {"rate": rows / (time.monotonic() - began), "cpu": (time.process_time() - cpu) / rows}


Run = Callable[[int, str], Awaitable[dict[str, float]]]

SENDERS: dict[str, Run] = {OURS: ours, BARE: workers, "gather": gather, "aiometer": aiometer, "plain loop": loop}
OTHERS: dict[str, Run] = {"volume": volume, "service": service}


def main() -> None:
    """Run one, and print what was measured as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", choices=[*SENDERS, *OTHERS])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--url")
    given = parser.parse_args()
    logging.getLogger("klarna_om").setLevel(logging.CRITICAL)
    if given.url:
        pin(CLIENT_CORE)

    async def measure() -> dict[str, float]:
        return await {**SENDERS, **OTHERS}[given.run](given.rows, given.url)

    print(json.dumps(asyncio.run(measure())))


if __name__ == "__main__":
    main()

"""How soon does an outbox do what a shop has committed, and what does that cost? A part of `service.py`.

How to read it: intents to acknowledge an order, in PostgreSQL, executed in this process at a server on another core
that answers at once: by `Outbox.drain`, and by a loop as one writes it by hand, which claims a row with `for update
skip locked`, calls with aiohttp while it holds that row, and marks it; it looks ten times a second, or is woken by
`notify` too. All have 16 workers and a pool of psycopg; they take turns, round by round. Lag: intents are committed
one by one, 50 a second; it is the time from before the commit to the request at the server. CPU: many are committed
together, and then executed; CPU of this process (not that of PostgreSQL) and wall-clock rate, for each intent, and the
ratio to the loop that is woken. By hand there is no lease, no key of 24 hours, no sequence in an order, no retry and
no outcome: what it called when it died may be called again.
"""

import asyncio
import contextlib
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from itertools import islice
from statistics import quantiles
from typing import Any

import aiohttp
from attrs import frozen

from benchmarks import documents
from benchmarks.contenders import AUTHORIZATION, KEY, ORDERS, PASSWORD, USER
from benchmarks.generated import Absent
from benchmarks.machine import CLIENT_CORE, pin_for_block
from benchmarks.measuring import CallTime, Series, in_turns
from benchmarks.postgresql import postgresql
from benchmarks.server import own_server
from benchmarks.tables import Aim, Table, at_most

OURS, WOKEN, POLLING = "klarna_om", "by hand, woken", "by hand, 10 looks a second"
WORKERS = 16
POLL = 0.1
INTERVAL = 0.02

BY_HAND_TABLE = """create table by_hand (
    number bigint generated always as identity primary key, order_id text not null, key uuid not null, done timestamptz
);
create index on by_hand (number) where done is null"""
NEXT = "select number, order_id, key from by_hand where done is null order by number limit 1 for update skip locked"
DONE = "update by_hand set done = now() where number = %s"


@frozen
class Contender:
    """One way to have an outbox."""

    add: Callable[[Any, str], Awaitable[object]]
    """Add an intent for an order, in the connection's transaction."""
    drain: Callable[[], Awaitable[None]]
    """Execute until it is cancelled."""
    drain_once: Callable[[], Awaitable[None]]
    """Execute all there is."""


def measure(full: bool) -> tuple[list[Table], list[Aim]]:
    """Measure and tabulate; a table that says so where there is no PostgreSQL."""
    rounds, intents = (9, 500) if full else (3, 150)
    try:
        with postgresql("outbox") as dsn:
            lags, series = run(dsn, rounds, intents)
    except Absent as reason:
        return [Table("Outbox", ("", "lag p50"), [("absent", str(reason))])], []
    columns = ("", "lag p50", "lag p99", "CPU an intent", "ratio", "intents/s")
    table = Table("Outbox on PostgreSQL", columns, [_row(name, lags[name], series) for name in series])
    ours, polling = (quantiles(lags[name], n=100)[98] * 1e3 for name in (OURS, POLLING))
    return [table], [
        at_most("outbox: ms from commit to effect, 99th percentile", ours, 50, "{:.1f}"),
        at_most("outbox: the same beside a loop with ten looks a second", ours / polling, 1.0),
    ]


def run(dsn: str, rounds: int, intents: int) -> tuple[dict[str, list[float]], dict[str, Series]]:
    """The lags in seconds, and the times for each intent."""
    ids = documents.order_ids()
    with own_server(notes_arrivals=True) as server, pin_for_block(CLIENT_CORE), ExitStack() as exit_stack:
        loop = asyncio.new_event_loop()
        exit_stack.callback(loop.close)
        resources = AsyncExitStack()
        pool, contenders = loop.run_until_complete(_open(dsn, server.url, resources))
        exit_stack.callback(lambda: loop.run_until_complete(resources.aclose()))
        lags: dict[str, list[float]] = {name: [] for name in contenders}

        def run_one(name: str) -> CallTime:
            one = contenders[name]
            some = list(islice(ids, intents))
            lags[name] += loop.run_until_complete(_lags(pool, one, server.url, some))
            return loop.run_until_complete(_burst(pool, one, list(islice(ids, intents * 2))))

        for name in contenders:
            run_one(name)  # connections are opened, code is warm
            lags[name].clear()
        return lags, in_turns({name: partial(run_one, name) for name in contenders}, rounds)


async def _lags(pool: Any, contender: Contender, url: str, ids: Sequence[str]) -> list[float]:
    committed: dict[str, float] = {}
    async with _running(contender.drain):
        for order_id in ids:
            async with pool.connection() as connection:
                await contender.add(connection, order_id)
                committed[order_id] = time.monotonic()
            await asyncio.sleep(INTERVAL)
        arrived = await _arrivals(url, ids)
    return [arrived[order_id] - moment for order_id, moment in committed.items()]


async def _burst(pool: Any, contender: Contender, ids: Sequence[str]) -> CallTime:
    async with pool.connection() as connection:
        for order_id in ids:
            await contender.add(connection, order_id)
    wall, cpu = time.perf_counter(), time.process_time()
    await contender.drain_once()
    return CallTime((time.process_time() - cpu) / len(ids), (time.perf_counter() - wall) / len(ids))


async def _arrivals(url: str, ids: Sequence[str]) -> Mapping[str, float]:
    """When the request of each of these orders came; the first time, if one came twice.

    The server's list also holds the orders of the burst before.
    """
    arrived: dict[str, float] = {}
    async with asyncio.timeout(30):
        while not arrived.keys() >= set(ids):
            await asyncio.sleep(0.05)
            for path, moments in (await asyncio.to_thread(_read, f"{url}/arrivals")).items():
                arrived.setdefault(path.split("/")[4], moments[0])
    return arrived


def _read(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


@asynccontextmanager
async def _running(drain: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(drain())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _open(dsn: str, url: str, resources: AsyncExitStack) -> tuple[Any, dict[str, Contender]]:
    from psycopg_pool import AsyncConnectionPool

    from klarna_om import KlarnaClient, Pacer
    from klarna_om.outbox import Outbox

    pool = AsyncConnectionPool(dsn, min_size=WORKERS + 4, max_size=WORKERS + 4, open=False)
    await resources.enter_async_context(pool)
    async with pool.connection() as connection:
        await connection.execute(BY_HAND_TABLE)
    made = KlarnaClient(url, username=USER, password=PASSWORD, pace=Pacer(1_000_000))
    klarna = await resources.enter_async_context(made)
    outbox = Outbox(pool, concurrency=WORKERS)
    session = aiohttp.ClientSession(url, headers={"Authorization": AUTHORIZATION})
    await resources.enter_async_context(session)
    ours = Contender(outbox.acknowledge, lambda: outbox.drain(klarna), lambda: outbox.drain(klarna, until_idle=True))
    by_hand = ByHand(pool, session)
    woken = Contender(by_hand.add, lambda: by_hand.drain(is_woken=True), by_hand.drain_once)
    polling = Contender(by_hand.add, lambda: by_hand.drain(is_woken=False), by_hand.drain_once)
    return pool, {WOKEN: woken, OURS: ours, POLLING: polling}


@frozen
class ByHand:
    """The loop that one writes."""

    pool: Any
    session: aiohttp.ClientSession

    async def add(self, connection: Any, order_id: str) -> None:
        """Add a row, and wake who listens when it is committed."""
        await connection.execute("insert into by_hand (order_id, key) values (%s, gen_random_uuid())", (order_id,))
        await connection.execute("select pg_notify('by_hand', '')")

    async def drain(self, *, is_woken: bool) -> None:
        """Execute until it is cancelled."""
        bell = asyncio.Condition()
        async with asyncio.TaskGroup() as tasks:
            if is_woken:
                tasks.create_task(self._listen(bell))
            for _ in range(WORKERS):
                tasks.create_task(self._work(bell))

    async def drain_once(self) -> None:
        """Execute all there is."""
        await asyncio.gather(*(self._work(None) for _ in range(WORKERS)))

    async def _work(self, bell: asyncio.Condition | None) -> None:
        while True:
            if await self._execute_next():
                continue
            if bell is None:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL), bell:
                    await bell.wait()

    async def _execute_next(self) -> bool:
        async with self.pool.connection() as connection:
            row = await (await connection.execute(NEXT)).fetchone()
            if row is None:
                return False
            number, order_id, key = row
            path = f"{ORDERS}/{order_id}/acknowledge"
            async with self.session.post(path, headers={KEY: str(key)}, raise_for_status=True) as answer:
                await answer.read()
            await connection.execute(DONE, (number,))
        return True

    async def _listen(self, bell: asyncio.Condition) -> None:
        import psycopg

        async with await psycopg.AsyncConnection.connect(self.pool.conninfo, autocommit=True) as connection:
            await connection.execute("listen by_hand")
            async for _ in connection.notifies():
                async with bell:
                    bell.notify(1)


def _row(name: str, lags: Sequence[float], series: Mapping[str, Series]) -> Sequence[str]:
    cuts, one = quantiles(lags, n=100), series[name]
    lag = (f"{seconds * 1e3:.1f} ms" for seconds in (cuts[49], cuts[98]))
    return (name, *lag, f"{one.cpu * 1e6:.0f} us", f"{one.ratio_to(series[WOKEN]):.2f} x", f"{one.rate:,.0f}")

"""Transactions, faults, kill -9, crashes of PostgreSQL, and a day in between: each committed intent happens once.

`KLARNA_OM_OUTBOX_SEEDS` is the number of repetitions; each seed has other transactions, faults and moments.
"""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest
from attrs import define, field
from psycopg import AsyncConnection

from klarna_om import CaptureObject, RefundObject
from klarna_om.outbox import Outbox, State
from klarna_om.sandbox import Sandbox
from tests.support.postgres import PostgresServer, database_with_outbox

SEEDS = int(os.environ.get("KLARNA_OM_OUTBOX_SEEDS", "2"))
FAULTS = "error-before=0.04,error-after=0.05,reset-before=0.03,reset-after=0.05,cut=0.03,slow=0.04:0.1"
TRANSACTIONS = 8
TIME_LIMIT = 60.0

ARRIVAL = 0.5
"""Seconds for what a killed drain had sent to arrive at Klarna: no request is a day on its way."""

PER_ORDER = 5
"""Intents of a transaction: two equal captures, a refund, an acknowledgement, an extension."""


@define
class Scenario:
    """One seed: a shop, a sandbox, drains that are killed."""

    seed: int
    server: PostgresServer
    dsn: str
    sandbox: Sandbox
    random: random.Random
    committed: list[str] = field(factory=list[str])
    rolled_back: list[str] = field(factory=list[str])
    drains: "list[subprocess.Popen[bytes]]" = field(factory=list)
    has_jumped: bool = False

    async def run(self) -> None:
        self.drains = [self.start_drain() for _ in range(2)]
        events = [self.kill, [self.crash_database, self.wait_a_day][self.seed % 2]]
        if self.seed % 3 == 0:
            events.append(self.kill_both)
        self.random.shuffle(events)
        shop = asyncio.create_task(self.trade())
        for event in events:
            await self.wait_for_effects(self.sandbox.effects() + self.random.randint(1, 10))
            await event()
        await shop
        await self.settle_all()

    def start_drain(self) -> "subprocess.Popen[bytes]":
        attempts = "1" if self.seed % 4 < 2 else "4"
        command = [sys.executable, "-m", "tests.outbox.drain", self.dsn, self.sandbox.url, attempts]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def trade(self) -> None:
        """Decide about one order after the other; some decisions are taken back."""
        for _ in range(TRANSACTIONS):
            order = self.sandbox.order(order_amount=1000).order_id or ""
            is_taken_back = self.random.random() < 0.3
            try:
                async with await AsyncConnection.connect(self.dsn) as connection:
                    await add_intents(connection, order)
                    if is_taken_back:
                        await connection.rollback()
            except psycopg.Error:
                is_taken_back = not await self.is_there(order)  # it may have been committed all the same
            (self.rolled_back if is_taken_back else self.committed).append(order)
            await asyncio.sleep(self.random.uniform(0.0, 0.1))

    async def is_there(self, order: str) -> bool:
        while True:
            with contextlib.suppress(psycopg.Error):
                async with await AsyncConnection.connect(self.dsn) as connection:
                    return bool(await Outbox().intents(connection, order_id=order))
            await asyncio.sleep(0.05)

    async def wait_for_effects(self, count: int) -> None:
        give_up = time.monotonic() + 1.0
        while self.sandbox.effects() < count and time.monotonic() < give_up:
            await asyncio.sleep(0.005)

    async def kill(self) -> None:
        victim = self.random.randrange(2)
        end(self.drains[victim])
        self.drains[victim] = self.start_drain()

    async def kill_both(self) -> None:
        for drain in self.drains:
            end(drain)
        self.drains = [self.start_drain() for _ in range(2)]

    async def crash_database(self) -> None:
        await asyncio.to_thread(self.server.stop)
        await asyncio.sleep(self.random.uniform(0.0, 0.3))
        await asyncio.to_thread(self.server.start)

    async def wait_a_day(self) -> None:
        """All drains are dead, and 25 hours pass: for Klarna, and for what the database knows of first tries."""
        for drain in self.drains:
            end(drain)
        await asyncio.sleep(ARRIVAL)
        self.has_jumped = True
        self.sandbox.clock.advance(hours=25)
        async with await AsyncConnection.connect(self.dsn) as connection:
            await connection.execute("""update klarna_om.intents set first_tried = first_tried - interval '25 hours'""")
        self.drains = [self.start_drain() for _ in range(2)]

    async def settle_all(self) -> None:
        """Let no time pass between Klarna's tiers, and decide as a person does, until everything is settled."""
        give_up = time.monotonic() + TIME_LIMIT
        while True:
            async with await AsyncConnection.connect(self.dsn) as connection:
                await connection.execute(
                    "update klarna_om.intents set due = clock_timestamp() where state in ('pending', 'unknown')"
                )
                for intent in await Outbox().intents(connection, state=State.ESCALATED):
                    await self.decide(connection, intent.id, intent.order_id, intent.operation, intent.detail or "")
                counts = (await Outbox().snapshot(connection)).counts
            if counts[State.DONE] == sum(counts.values()):
                return
            assert time.monotonic() < give_up, f"seed {self.seed}: not settled: {counts}"
            await asyncio.sleep(0.1)

    async def decide(
        self, connection: AsyncConnection, intent_id: UUID, order: str, operation: str, detail: str
    ) -> None:
        if "outbox.settle" in detail and self.sandbox.effects(order, operation):
            await Outbox().settle(connection, intent_id, happened=True)
        else:
            if "outbox.settle" in detail:
                await Outbox().settle(connection, intent_id, happened=False)
            await Outbox().retry(connection, intent_id)


async def add_intents(connection: AsyncConnection, order: str) -> None:
    outbox = Outbox()
    await outbox.acknowledge(connection, order)
    for reference in ("parcel-1", "parcel-2"):
        await outbox.capture(connection, order, CaptureObject(captured_amount=300, reference=reference))
    await outbox.refund(connection, order, RefundObject(refunded_amount=400, reference="return-1"))
    await outbox.extend_authorization_time(connection, order, reference="wait-1")


def end(drain: "subprocess.Popen[bytes]") -> None:
    drain.kill()
    drain.wait()


@contextlib.asynccontextmanager
async def scenario(seed: int, server: PostgresServer) -> AsyncIterator[Scenario]:
    with database_with_outbox(server.dsn) as dsn:
        async with Sandbox(limit=None, faults=FAULTS, seed=seed) as sandbox:
            made = Scenario(seed, server, dsn, sandbox, random.Random(seed))
            try:
                yield made
            finally:
                for drain in made.drains:
                    end(drain)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_each_committed_intent_happens_once_and_no_other(seed: int, crashing_server: PostgresServer) -> None:
    async with scenario(seed, crashing_server) as made:
        await made.run()

        sandbox, committed = made.sandbox, made.committed
        for order in committed:
            seen = sandbox.get(order)
            assert [capture.reference for capture in seen.captures] == ["parcel-1", "parcel-2"]
            assert [refund.reference for refund in seen.refunds] == ["return-1"]
            assert sandbox.effects(order, "orders.extend_authorization_time") == 1
            # Repeating an acknowledgement is harmless, and done when nobody knows after a day.
            assert sandbox.effects(order, "orders.acknowledge") in ({1, 2} if made.has_jumped else {1})
        assert [sandbox.effects(order) for order in made.rolled_back] == [0] * len(made.rolled_back)
        assert len(committed) + len(made.rolled_back) == TRANSACTIONS
        async with await AsyncConnection.connect(made.dsn) as connection:
            counts = (await Outbox().snapshot(connection)).counts
        assert counts[State.DONE] == len(committed) * PER_ORDER

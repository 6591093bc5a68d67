"""kill -9 of one worker or of all at random moments: each row is done once, and every line is in the report once.

`KLARNA_OM_ENGINE_SEEDS` is the number of repetitions for each operation; each seed kills at other moments. Every second
one has no faults: there the repeats that the kills cost are counted. What a dead worker leaves is free after 20 seconds
and is delivered again within 30; here its lease is ended by hand, and swept at once.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.totals import Totals
from klarna_om.engines.procrastinate import sweep
from klarna_om.sandbox import Sandbox
from tests.engines.jobs import ACKNOWLEDGE, acknowledged, orders, submit_rows, totals
from tests.engines.worker_processes import Workers, workers_of

ROWS = 200
REFERENCES = ("one", "two")
IN_FLIGHT = 32
SEEDS = range(int(os.environ.get("KLARNA_OM_ENGINE_SEEDS", "1")))
FAULTS = "error-before=0.02,error-after=0.03,reset-after=0.03,cut=0.02,in-a-row=1"
OPTIONS = ("--concurrency", "1", "--in-flight", str(IN_FLIGHT))
"""So many rows are in progress at most."""
AMOUNTS = {"captures.create": "captured_amount", "refunds.create": "refunded_amount"}
OPERATIONS = (ACKNOWLEDGE, *AMOUNTS)


def make_rows(sandbox: Sandbox, operation: str) -> Sequence[object]:
    """The rows of new orders: one for each to acknowledge, two of its captures or refunds."""
    if operation == ACKNOWLEDGE:
        return orders(sandbox, ROWS)
    captured = 1000 if operation == "refunds.create" else 0
    order_ids = [sandbox.order(order_amount=1000, captured_amount=captured).order_id for _ in range(ROWS // 2)]
    amount = {AMOUNTS[operation]: 100}
    return [{"order_id": order, "reference": name, **amount} for order in order_ids for name in REFERENCES]


def effects(sandbox: Sandbox, operation: str, rows: Sequence[object]) -> list[object]:
    """What was done for each row: how often, or once for each reference."""
    if operation == ACKNOWLEDGE:
        return [*acknowledged(sandbox, [str(row) for row in rows])]
    order_ids = dict.fromkeys(str(row["order_id"]) for row in rows if isinstance(row, dict))
    found = [sandbox.get(order) for order in order_ids]
    made = [order.captures if operation == "captures.create" else order.refunds for order in found]
    return [sorted(entry.reference or "" for entry in entries if entry.reference in REFERENCES) for entries in made]


def once(operation: str) -> list[object]:
    """The same where nothing is missing and nothing was done twice."""
    return [1] * ROWS if operation == ACKNOWLEDGE else [sorted(REFERENCES)] * (ROWS // 2)


async def until_done(database: Database, job: UUID, count: int) -> None:
    while (await totals(database, job)).done < count:
        await asyncio.sleep(0.005)


async def kill_one_or_all(
    moments: random.Random, workers: Workers, database: Database, job: UUID, options: Sequence[str]
) -> int:
    """Kill one of two, and let the other go on; or both at once; or one after the other. Returns how many."""
    pair = [workers.start(*options) for _ in range(2)]
    await until_done(database, job, moments.randint(5, 60))
    if moments.random() < 0.4:
        await workers.kill(*pair)
        return 2
    await workers.kill(pair.pop())
    if moments.random() < 0.5:
        return 1
    await until_done(database, job, moments.randint(70, 130))
    await workers.kill(*pair)
    return 2


@pytest.mark.timeout(120)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("seed", SEEDS)
async def test_kill_9_of_workers_costs_no_row_and_does_none_twice(
    seed: int, operation: str, database: Database, journals: str, tmp_path: Path
) -> None:
    number = 3 * seed + OPERATIONS.index(operation)
    moments, has_faults = random.Random(number), number % 2 == 1
    async with Sandbox(limit=None, seed=seed) as sandbox, workers_of(sandbox, journals, tmp_path) as workers:
        rows = make_rows(sandbox, operation)
        sandbox.faults = FAULTS if has_faults else "none"
        options = () if has_faults else OPTIONS
        job = await submit_rows(database, sandbox, [*rows, rows[0], ""], operation, window=20)

        killed = await kill_one_or_all(moments, workers, database, job, options)
        if killed == 2:
            workers.start(*options)
        while (await totals(database, job)).done < ROWS:
            await workers.end_leases_of_the_dead(database)
            await sweep(database, sandbox.url)
            await asyncio.sleep(0.05)

        assert await workers.started[-1 if killed == 2 else 0].end() == 0
        assert effects(sandbox, operation, rows) == once(operation)
        assert has_faults or sandbox.replays <= killed * IN_FLIGHT

    async with PostgresJournal.open_to_read(journals, job) as reader:
        assert await reader.counts() == Totals(done=ROWS, duplicate=1, blank=1)
        assert [line.line for line in await reader.report_lines(0, 10_000)] == [*range(1, ROWS + 3)]

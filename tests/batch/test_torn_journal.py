"""A journal that is torn at a random place resumes, or is refused; no money moves twice.

`KLARNA_OM_KILL_SEEDS` is the number of repetitions; each tears other bytes. Every second one comes a day later, when
Klarna has forgotten the keys.
"""

import os
import random
import shutil
from pathlib import Path

import pytest
from attrs import evolve

from klarna_om import Handler, Request, Response
from klarna_om.batch import Job, JournalError, SqliteJournal, Stop, Summary, run
from klarna_om.sandbox import Sandbox

ORDERS = 30
TEARS = 4
AMOUNTS = {"captures.create": "captured_amount", "refunds.create": "refunded_amount"}


def tear(path: Path, chance: random.Random) -> None:
    """Cut the file, or write zeros or noise over a piece of it, as a crash of the machine may leave it."""
    size = path.stat().st_size
    offset = chance.randrange(size)
    damage = chance.choice(["cut", "zeros", "noise"])
    with path.open("r+b") as file:
        if damage == "cut":
            file.truncate(offset)
            return
        length = min(chance.choice([1, 16, 512, 4096]), size - offset)
        file.seek(offset)
        file.write(bytes(length) if damage == "zeros" else chance.randbytes(length))


async def run_and_copy(sandbox: Sandbox, job: Job, path: Path, effects: int, copies: list[Path]) -> None:
    """Run the job until there are so many effects, and copy the journal with its log, before it is closed."""

    async def stop(request: Request, below: Handler) -> Response:
        response = await below(request)
        if sandbox.effects(operation=job.operation) >= effects:
            job.stop.request()
        return response

    async with (
        sandbox.client(pace="off", middleware=[stop]) as klarna,
        SqliteJournal.open(path, job.operation) as journal,
    ):
        await run(klarna, evolve(job, journal=journal))
        for copy in copies:
            for suffix in ("", "-wal"):
                shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")


async def run_again(sandbox: Sandbox, job: Job, path: Path) -> Summary | None:
    """The result with a torn journal; None where it is refused."""
    async with sandbox.client(pace="off") as klarna:
        try:
            return await run(klarna, evolve(job, journal=path, stop=Stop()))
        except JournalError:
            return None


@pytest.mark.timeout(120)
@pytest.mark.parametrize("operation", AMOUNTS)
@pytest.mark.parametrize("seed", range(int(os.environ.get("KLARNA_OM_KILL_SEEDS", "2"))))
async def test_a_torn_journal_never_repeats_money(seed: int, operation: str, tmp_path: Path) -> None:
    chance = random.Random(seed)
    with Sandbox(limit=None, seed=seed) as sandbox:
        captured = 1000 if operation == "refunds.create" else 0
        orders = [sandbox.order(order_amount=1000, captured_amount=captured).order_id or "" for _ in range(ORDERS)]
        rows = [{"order_id": order, AMOUNTS[operation]: 100, "reference": "s-1"} for order in orders]
        job = Job(operation, rows, in_flight=4)
        copies = [tmp_path / f"torn-{number}" for number in range(TEARS)]
        before = sandbox.effects(operation=operation)
        await run_and_copy(sandbox, job, tmp_path / "whole", before + chance.randrange(1, ORDERS), copies)
        if seed % 2:
            sandbox.clock.advance(hours=25)

        results: list[Summary | None] = []
        for copy in copies:
            tear(Path(f"{copy}{chance.choice(['', '-wal'])}"), chance)
            results.append(await run_again(sandbox, job, copy))
        whole = await run_again(sandbox, job, tmp_path / "whole")

        assert whole is not None
        assert (whole.totals.done, whole.totals.orders) == (ORDERS, ORDERS)
        assert [sandbox.effects(order, operation) for order in orders] == [1] * ORDERS
        assert all(result is None or result.totals.done == ORDERS for result in results)

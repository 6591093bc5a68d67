"""What does a job cost that workers on many machines share by PostgreSQL?

How to read it: "load" copies a manifest into the tables, "records" are results of 64 writers that are committed
together; PostgreSQL is on the same cores. "Outcomes" are rows of a job that Procrastinate delivers to worker processes
in chunks of 200, with an operation in memory that answers at once: all that counts is the engine, the leases, the
journal and our bookkeeping; from the first call to the last result, by the times in the rows themselves.
By hand is the least that one would write: it takes 200 open rows `for update skip locked`, and marks them done with one
update; it has no key, no lease and no result of a call, and what it called when it died is called again.
The plans are those of the job that was loaded. `KLARNA_OM_TEST_POSTGRES` names a server, else one is started.
What would falsify it: fewer than 2,500 outcomes a second, or a sequential scan of the rows.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID, uuid4

from benchmarks.batch_runs import IN_FLIGHT, some_order_ids
from benchmarks.generated import Absent
from benchmarks.postgresql import postgresql
from benchmarks.server import ROOT
from benchmarks.tables import Table, aims_table, at_least, at_most

OURS, BY_HAND = "klarna_om by Procrastinate", "by hand"
TARGET = "http://127.0.0.1:9"
"""Nobody is called there."""

DONE = "select coalesce(sum(rows), 0) from klarna_om.counts where job = %s and state = 'done'"
SECONDS = "select extract(epoch from max(finished_at) - min(started_at))::float8 from klarna_om.rows where job = %s"
WORKERS = "select count(*) from procrastinate_workers where last_heartbeat > now() - interval '30 s'"

BY_HAND_TABLE = """
create table by_hand (number integer primary key, order_id text not null, done timestamptz, started timestamptz);
create index on by_hand (number) where done is null"""
FILL = "insert into by_hand select n, gen_random_uuid()::text from generate_series(1, %s) as n"
TAKE = "select number from by_hand where done is null order by number limit 200 for update skip locked"
MARK = "update by_hand set started = %s, done = clock_timestamp() where number = any(%s)"
BY_HAND_SECONDS = "select extract(epoch from max(done) - min(started))::float8 from by_hand"


def main(full: bool) -> list[Table]:
    """Measure and tabulate; a table that says so where there is no PostgreSQL."""
    volume, rows = (1_000_000, 100_000) if full else (20_000, 3_000)
    try:
        with postgresql("journals") as dsn:
            return asyncio.run(_measure(dsn, volume, rows))
    except Absent as reason:
        return [Table("A job in PostgreSQL", ("", "measured"), [("absent", str(reason))])]


async def _measure(dsn: str, volume: int, rows: int) -> list[Table]:
    loaded, job = await load(dsn, volume)
    recorded = await record(dsn, job, min(volume, 100_000))
    scans = await sequential_scans(dsn, job)
    rates = {
        name: [await measure(dsn, rows, number) for number in (1, 2, 4)]
        for name, measure in ((OURS, outcomes), (BY_HAND, by_hand))
    }
    facts = [("load", f"{loaded:,.0f} rows/s"), ("records of 64 writers", f"{recorded:,.0f}/s")]
    columns = ("", "1 worker", "2 workers", "4 workers")
    cells = [(name, *(f"{rate:,.0f}/s" for rate in series)) for name, series in rates.items()]
    aims = [
        at_least("outcomes a second, the best", max(rates[OURS]), 2_500, "{:,.0f}"),
        at_most("statements that read all rows", len(scans), 0, "{:.0f}"),
    ]
    return [
        Table(f"The journal in PostgreSQL: {volume:,} rows", ("", "measured"), facts),
        Table(f"Outcomes a second: {rows:,} rows", columns, cells),
        aims_table(aims),
    ]


async def load(dsn: str, rows: int) -> tuple[float, UUID]:
    """Load a manifest; returns rows a second, and the job."""
    from klarna_om.batch.postgres import PostgresJournal

    job = uuid4()
    async with PostgresJournal.open(dsn, job) as journal:
        began = time.monotonic()
        await journal.load(_manifest(rows))
        return rows / (time.monotonic() - began), job


async def record(dsn: str, job: UUID, rows: int) -> float:
    """Record results; returns how many a second."""
    from klarna_om.batch import State
    from klarna_om.batch.journal import RowResult
    from klarna_om.batch.postgres import PostgresJournal

    numbers = iter(range(1, rows + 1))
    async with PostgresJournal.open(dsn, job) as journal:

        async def write() -> None:
            for row in numbers:
                await journal.record(RowResult(row, State.DONE, 204, correlation_id="6d0e9c8f", attempts=1))

        began = time.monotonic()
        await asyncio.gather(*(write() for _ in range(IN_FLIGHT)))
        return rows / (time.monotonic() - began)


async def sequential_scans(dsn: str, job: UUID) -> list[str]:
    """The plans of a worker's statements that read all rows."""
    from klarna_om.batch.postgres import statements

    page = {"job": job, "low": 1, "high": 200, "limit": 200}
    own = {"job": job, "chunks": [1], "workers": [uuid4()], "seconds": 20.0, "now": None}
    asked: list[tuple[str, dict[str, Any]]] = [
        *((statements.UNSETTLED_ROWS.format(state=state), page) for state in ("pending", "unknown")),
        (statements.RECORD, _one_result(job)),
        (statements.NEXT_DUE, {**page, "now": None}),
        (statements.RENEW_LEASES, own),
        (statements.RELEASE_LEASES, own),
    ]
    async with _connect(dsn) as connection:
        plans = [
            str(await (await connection.execute(f"explain {query}", values)).fetchall()) for query, values in asked
        ]
    return [plan for plan in plans if "Seq Scan on rows" in plan]


def _one_result(job: UUID) -> dict[str, Any]:
    texts = ("status", "error_code", "correlation_id", "idempotency_key", "started_at", "finished_at", "result_id")
    nothing: dict[str, Any] = {name: [None] for name in (*texts, "detail", "worker")}
    return {**nothing, "job": job, "row": [1], "chunk": [0], "state": ["done"], "attempts": [1]}


async def outcomes(dsn: str, rows: int, number: int) -> float:
    """Run a job by worker processes; returns rows a second."""
    from klarna_om.batch.postgres import Database
    from klarna_om.engines.procrastinate import submit

    async with _connect(dsn) as connection, Database.connect(dsn) as database:
        await connection.execute("delete from procrastinate_workers")
        with _processes("ours", dsn, number):
            await _until(connection, WORKERS, [], number)
            job = await submit(database, "orders.acknowledge", _manifest(rows), target=TARGET)
            await _until(connection, DONE, [job], rows)
        return rows / await _number(connection, SECONDS, [job])


async def by_hand(dsn: str, rows: int, number: int) -> float:
    """The same by loops of one's own."""
    async with _connect(dsn) as connection:
        await connection.execute(f"drop table if exists by_hand; {BY_HAND_TABLE}")
        with _processes("by-hand", dsn, number) as processes:
            await connection.execute(FILL, [rows])
            await connection.execute("analyze by_hand")
            for process in processes:
                assert process.stdin is not None
                process.stdin.close()  # begin
            for process in processes:
                await asyncio.to_thread(process.wait)
        return rows / await _number(connection, BY_HAND_SECONDS, [])


async def _until(connection: Any, query: str, values: Sequence[object], number: int) -> None:
    async with asyncio.timeout(600):
        while True:
            if await _number(connection, query, values) >= number:
                return
            await asyncio.sleep(0.02)


async def _number(connection: Any, query: str, values: Sequence[object]) -> float:
    ((number,),) = await (await connection.execute(query, values)).fetchall()
    return float(number)


def _manifest(rows: int) -> Any:
    from klarna_om.batch.row_parser import RowParser
    from klarna_om.batch.rows import read_rows

    return read_rows(some_order_ids(rows), RowParser("orders.acknowledge"))


@contextmanager
def _processes(run: str, dsn: str, number: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    command = [sys.executable, "-m", "benchmarks.engine", "--run", run, "--dsn", dsn]
    running = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
            process.communicate()


@asynccontextmanager
async def _connect(dsn: str) -> AsyncIterator[Any]:
    import psycopg

    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        yield connection


async def _work(dsn: str) -> None:
    """A worker whose operation answers at once."""
    from benchmarks.batch_runs import Calls
    from klarna_om import KlarnaClient
    from klarna_om.engines import chunk_runner
    from klarna_om.engines.procrastinate import work

    vars(chunk_runner).update(make_sender=lambda *_: Calls())
    async with KlarnaClient(TARGET, username="sandbox", password="sandbox", pace="off") as client:
        await work(client, dsn)


async def _work_by_hand(dsn: str) -> None:
    from benchmarks.batch_runs import Calls

    call = Calls()
    async with _connect(dsn) as connection:
        await asyncio.to_thread(sys.stdin.read)
        while True:
            async with connection.transaction():
                ((started,),) = await (await connection.execute("select clock_timestamp()")).fetchall()
                numbers = [number for (number,) in await (await connection.execute(TAKE)).fetchall()]
                for number in numbers:
                    await call(number, None)
                await connection.execute(MARK, [started, numbers])
            if not numbers:
                return


def _worker() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", choices=["ours", "by-hand"])
    parser.add_argument("--dsn")
    given = parser.parse_args()
    asyncio.run(_work(given.dsn) if given.run == "ours" else _work_by_hand(given.dsn))


if __name__ == "__main__":
    if "--dsn" in sys.argv:
        _worker()
    else:
        from benchmarks.__main__ import alone

        alone("engine")

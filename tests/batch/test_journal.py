"""The journal: one file that has the results after any end of its process."""

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from klarna_om.batch.journal import JournalError, JournalInUseError, Row, RowResult, Stamp
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import order_id, order_ids
from tests.batch.jobs import START, lines, load, save_stamp

ALL = 10_000_000


async def unsettled_rows(journal: SqliteJournal, state: State = State.PENDING) -> list[Row]:
    return await journal.unsettled_rows(state, 1, ALL, ALL)


def execute_outside(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Execute a statement as another program does while the job runs."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
    return found


async def test_a_job_keeps_its_identity_and_its_rows_when_it_is_opened_again(path: Path) -> None:
    async with SqliteJournal.open(path) as journal:
        identity = journal.identity
        await load(journal, order_ids(2))
        await journal.record(
            RowResult(
                row=1,
                state=State.DONE,
                status=204,
                correlation_id="correlation",
                idempotency_key="key",
                attempts=2,
                started=START,
                finished=START,
                detail="fine",
            )
        )
    async with SqliteJournal.open(path) as journal:
        assert journal.identity == identity
        (first, second) = await lines(journal)
        assert (first.outcome, first.status, first.correlation_id, first.idempotency_key) == (
            "done",
            204,
            "correlation",
            "key",
        )
        assert (first.attempts, first.started_at, first.detail) == (2, "2026-11-23T12:00:00.000+00:00", "fine")
        assert second.outcome == "pending"


async def test_a_changed_manifest_replaces_the_old_one(path: Path) -> None:
    async with SqliteJournal.open(path) as journal:
        await load(journal, order_ids(3))
        await journal.record(RowResult(1, State.DONE))
    async with SqliteJournal.open(path) as journal:
        await load(journal, [order_id(4), order_id(3), order_id(1)])
        assert {row.order_id for row in await unsettled_rows(journal)} == {order_id(3), order_id(4)}
        assert [(line.order_id, line.outcome) for line in await lines(journal)] == [
            (order_id(4), "pending"),
            (order_id(3), "pending"),
            (order_id(1), "done"),
        ]
        await load(journal, order_ids(3))
        assert {row.order_id for row in await unsettled_rows(journal)} == {order_id(2), order_id(3)}


async def test_other_programs_can_read_the_journal_while_the_job_runs(journal: SqliteJournal, path: Path) -> None:
    await load(journal, order_ids(2))

    await journal.record(RowResult(2, State.DONE))

    assert execute_outside(path, "SELECT state, count(*) FROM rows GROUP BY state ORDER BY state") == [
        ("done", 1),
        ("pending", 1),
    ]


async def test_records_that_arrive_together_are_committed_together(journal: SqliteJournal, path: Path) -> None:
    await load(journal, order_ids(500))

    await asyncio.gather(*(journal.record(RowResult(row, State.DONE)) for row in range(1, 501)))

    assert execute_outside(path, "SELECT count(*) FROM rows WHERE state = 'done'") == [(500,)]


async def test_one_process_at_a_time_works_on_a_job(journal: SqliteJournal, path: Path) -> None:
    with pytest.raises(JournalInUseError, match="another process is working on"):
        async with SqliteJournal.open(path):
            pass


async def test_the_lock_is_free_when_a_job_has_ended(path: Path) -> None:
    for _ in range(2):
        async with SqliteJournal.open(path):
            pass


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot write beside the journal"):
        async with SqliteJournal.open(tmp_path / "none" / "journal"):
            pass


async def test_a_file_that_is_no_journal_is_refused_and_not_changed(path: Path) -> None:
    path.write_text("order_id\n" * 1000)

    with pytest.raises(JournalError, match="not a journal of klarna_om"):
        async with SqliteJournal.open(path):
            pass
    assert path.read_text() == "order_id\n" * 1000


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    execute_outside(path, "CREATE TABLE rows (x)")

    with pytest.raises(JournalError, match="not a journal of klarna_om"):
        async with SqliteJournal.open(path):
            pass


async def test_a_journal_of_a_later_version_is_refused(path: Path) -> None:
    async with SqliteJournal.open(path):
        pass
    execute_outside(path, "PRAGMA user_version = 4")

    with pytest.raises(JournalError, match="a journal of version 4"):
        async with SqliteJournal.open(path):
            pass


async def test_a_journal_belongs_to_one_operation(path: Path) -> None:
    async with SqliteJournal.open(path):
        pass

    with pytest.raises(JournalError, match=r"a job of orders.acknowledge, not of orders.cancel"):
        async with SqliteJournal.open(path, "orders.cancel"):
            pass


async def test_a_write_that_fails_breaks_the_journal(journal: SqliteJournal, path: Path) -> None:
    await load(journal, order_ids(3))
    await journal.record(RowResult(1, State.DONE))
    execute_outside(path, "CREATE TRIGGER full BEFORE UPDATE ON rows BEGIN SELECT raise(ABORT, 'disk is full'); END")

    failed = await asyncio.gather(
        journal.record(RowResult(2, State.DONE)), journal.record(RowResult(3, State.DONE)), return_exceptions=True
    )

    assert [type(error) for error in failed] == [JournalError, JournalError]
    assert "disk is full" in str(failed[0])
    execute_outside(path, "DROP TRIGGER full")
    with pytest.raises(JournalError, match="nothing more is sent"):
        await journal.record(RowResult(2, State.DONE))
    with pytest.raises(JournalError, match="nothing more is sent"):
        await save_stamp(journal, Stamp(0, 0, START))
    assert execute_outside(path, "SELECT state FROM rows ORDER BY row") == [("done",), ("pending",), ("pending",)]


async def test_a_full_disk_breaks_the_journal_too(journal: SqliteJournal) -> None:
    await load(journal, order_ids(10))
    await journal._writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchone())

    with pytest.raises(JournalError, match="disk is full"):
        for row in range(1, 11):
            await journal.record(RowResult(row, State.UNKNOWN, detail="x" * 10_000))


async def test_records_in_the_queue_behind_a_failure_fail_with_it(journal: SqliteJournal) -> None:
    await load(journal, order_ids(2))
    go_on, writer = threading.Event(), journal._writer

    def fail_on_update(connection: sqlite3.Connection) -> None:
        connection.create_function("hold", 0, lambda: go_on.wait(10))
        connection.execute(
            "CREATE TEMP TRIGGER full BEFORE UPDATE ON rows"
            " BEGIN SELECT hold(); SELECT raise(ABORT, 'disk is full'); END"
        )

    await writer.run(fail_on_update)
    first = asyncio.create_task(journal.record(RowResult(1, State.DONE)))
    await asyncio.sleep(0)
    while writer._group is not None:
        await asyncio.sleep(0)
    second = asyncio.create_task(journal.record(RowResult(2, State.DONE)))
    await asyncio.sleep(0)
    go_on.set()
    for task in (first, second):
        with pytest.raises(JournalError, match="disk is full"):
            await task


async def test_a_manifest_is_not_loaded_while_another_program_writes(journal: SqliteJournal, path: Path) -> None:
    await journal._writer.run(lambda connection: connection.execute("PRAGMA busy_timeout = 1").fetchone())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="database is locked"):
            await load(journal, order_ids(1))
        other.execute("ROLLBACK")
    await load(journal, order_ids(1))


async def test_a_journal_without_a_file_ends_with_its_job() -> None:
    async with SqliteJournal.open(None) as journal:
        await load(journal, order_ids(2))

        await journal.record(RowResult(2, State.DONE))

        assert await journal.counts() == Totals(done=1, pending=1)


async def test_a_copy_for_a_dry_run_changes_nothing(path: Path) -> None:
    async with SqliteJournal.open(path) as journal:
        await load(journal, order_ids(2))
        await journal.record(RowResult(1, State.DONE))

    async with SqliteJournal.open_copy(path) as copy:
        await load(copy, [order_id(1), order_id(3)])
        assert await copy.counts() == Totals(done=1, pending=1)

    assert execute_outside(path, "SELECT count(*) FROM lines") == [(2,)]


async def test_a_dry_run_of_a_new_job_creates_no_file(path: Path) -> None:
    async with SqliteJournal.open_copy(path) as copy:
        await load(copy, order_ids(2))
        assert await copy.counts() == Totals(pending=2)

    assert list(path.parent.iterdir()) == []


async def test_a_copy_taken_at_any_moment_is_a_journal(journal: SqliteJournal, path: Path, tmp_path: Path) -> None:
    await load(journal, order_ids(50))
    for row in range(1, 51):
        await journal.record(RowResult(row, State.DONE))
        copy = tmp_path / f"copy-{row}"
        shutil.copy(path, copy)
        shutil.copy(f"{path}-wal", f"{copy}-wal")
        async with SqliteJournal.open(copy) as resumed:
            assert (await resumed.counts()).done == row


@pytest.mark.parametrize("lost", [1, 100, 4096, 4097, 9000])
async def test_a_truncated_wal_costs_the_last_records_and_nothing_else(
    journal: SqliteJournal, path: Path, tmp_path: Path, lost: int
) -> None:
    await load(journal, order_ids(50))
    for row in range(1, 11):
        await journal.record(RowResult(row, State.DONE))
    copy = tmp_path / "torn"
    shutil.copy(path, copy)
    wal = Path(f"{path}-wal").read_bytes()
    Path(f"{copy}-wal").write_bytes(wal[:-lost])

    async with SqliteJournal.open(copy) as resumed:
        totals = await resumed.counts()

    assert totals.orders == 50
    assert totals.done < 10


WRITES = """
import asyncio, sys
from klarna_om.batch.journal import RowResult
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from tests.batch.jobs import load
from tests.batch.fake_sender import order_ids

async def main():
    async with SqliteJournal.open(sys.argv[1]) as journal:
        await load(journal, order_ids(5000))
        for row in range(1, 5001):
            await journal.record(RowResult(row, State.DONE))
            print(row, flush=True)

asyncio.run(main())
"""


async def test_recorded_results_survive_kill_9(path: Path) -> None:
    writing = subprocess.Popen([sys.executable, "-c", WRITES, str(path)], stdout=subprocess.PIPE, text=True)
    assert writing.stdout is not None
    for line in writing.stdout:
        if int(line) == 200:
            writing.send_signal(signal.SIGKILL)
            break
    recorded = max([200, *(int(line) for line in writing.stdout.read().split())])
    writing.wait()
    writing.stdout.close()

    async with SqliteJournal.open(path) as journal:
        totals = await journal.counts()

    assert totals.orders == 5000
    assert totals.done in (recorded, recorded + 1)


async def test_an_open_that_is_cancelled_leaves_nothing_behind(path: Path) -> None:
    async def opening() -> None:
        async with SqliteJournal.open(path):
            await asyncio.sleep(60)

    for _ in range(3):
        task = asyncio.create_task(opening())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with SqliteJournal.open(path):
        pass

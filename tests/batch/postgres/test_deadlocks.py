"""Two transactions that would wait for each other: they take their locks in one order, or one of them is repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.errors import LockNotAvailable

from klarna_om.batch.journal import RowResult
from klarna_om.batch.postgres import PostgresJournal, statements
from klarna_om.batch.postgres.recorder import Recorder
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import order_ids
from tests.batch.jobs import START, load
from tests.batch.postgres.waiting import until_waiting

SLOTS = 16

LOCK_ROW = "select from klarna_om.rows where job = %s and row = %s for update"

Connection = AsyncConnection[Any]


@asynccontextmanager
async def connections_of_one_slot(dsn: str) -> AsyncIterator[tuple[Connection, Connection]]:
    """Two connections whose triggers add to the same counts."""
    by_slot: dict[int, Connection] = {}
    async with AsyncExitStack() as stack:
        for _ in range(SLOTS + 1):
            connection = await stack.enter_async_context(await AsyncConnection.connect(dsn, autocommit=True))
            slot = connection.info.backend_pid % SLOTS
            if slot in by_slot:
                yield by_slot[slot], connection
                return
            by_slot[slot] = connection


def quick_to_notice(dsn: str) -> str:
    """The same database, for the transaction that is ended when two wait for each other."""
    return make_conninfo(dsn, options="-c deadlock_timeout=300ms")


async def make_deadlock(dsn: str, job: UUID, change: Callable[[], Awaitable[object]]) -> None:
    """Another transaction has row 2, and wants row 1 once the change has that and waits; the change is ended."""
    patient = make_conninfo(dsn, options="-c deadlock_timeout=30s")
    async with await AsyncConnection.connect(patient) as other:
        await other.execute(LOCK_ROW, [job, 2])
        changing = asyncio.ensure_future(change())
        await until_waiting(dsn, 1)
        with pytest.raises(LockNotAvailable):
            async with other.transaction():
                await other.execute(f"{LOCK_ROW} nowait".encode(), [job, 1])
        await asyncio.wait_for(other.execute(LOCK_ROW, [job, 1]), 10)
    await changing


async def record_both(journal: PostgresJournal, state: State) -> None:
    """Record results of two rows in one transaction."""
    await asyncio.gather(*(journal.record(RowResult(row, state, 200)) for row in (1, 2)))


def record(journal: PostgresJournal, connection: Connection, *results: RowResult) -> Awaitable[object]:
    """Record results together, as a process does, and without a second try."""
    recorder = Recorder(journal.identity, journal._database, lambda _: None)
    values = recorder._values([(result, None) for result in results])
    return connection.execute(statements.RECORD.encode(), values)


async def test_two_that_count_in_one_slot_do_not_wait_for_each_other(journal: PostgresJournal, journals: str) -> None:
    await load(journal, order_ids(12))
    states = [State.DONE, State.REFUSED, State.UNKNOWN]
    results = [RowResult(row, states[row % 3], 200 + row % 3, "A", attempts=1) for row in range(1, 13)]
    async with (
        connections_of_one_slot(journals) as (first, second),
        await AsyncConnection.connect(journals) as third,
    ):
        slot = first.info.backend_pid % SLOTS
        await record(journal, first, *(RowResult(row, states[row % 3], 200 + row % 3, "A") for row in (10, 11, 12)))
        # Each of the two has its first count, and waits for another, before it can have its last.
        held = (
            "select from klarna_om.counts where job = %s and slot = %s and state in ('pending', 'refused') for update"
        )
        await third.execute(held, [journal.identity.job_id, slot])

        both = asyncio.gather(record(journal, first, *results[:5]), record(journal, second, *reversed(results[5:])))
        await until_waiting(journals, 2)
        await third.commit()
        await asyncio.wait_for(both, 10)

    assert await journal.counts() == Totals(done=4, refused=4, unknown=4)


async def test_a_result_that_ends_as_the_victim_of_a_deadlock_is_recorded_again(journals: str, job_id: UUID) -> None:
    async with PostgresJournal.open(quick_to_notice(journals), job_id) as journal:
        await load(journal, order_ids(2))

        await make_deadlock(journals, job_id, lambda: record_both(journal, State.DONE))

        assert await journal.counts() == Totals(done=2)


@pytest.mark.parametrize(
    ("change", "pending"),
    [
        (lambda journal: load(journal, order_ids(5)[2:]), 3),
        (lambda journal: journal.retry(refused=True, unknown=False), 2),
    ],
    ids=["load", "retry"],
)
async def test_a_change_of_many_rows_that_meets_a_result_is_made_all_the_same(
    change: Callable[[PostgresJournal], Awaitable[object]], pending: int, journals: str, job_id: UUID
) -> None:
    async with PostgresJournal.open(quick_to_notice(journals), job_id) as journal:
        await load(journal, order_ids(2))
        await record_both(journal, State.REFUSED)

        await make_deadlock(journals, job_id, lambda: change(journal))

        assert await journal.counts() == Totals(pending=pending)


async def test_leases_are_renewed_in_the_order_in_which_results_are_recorded(
    journal: PostgresJournal, journals: str
) -> None:
    await load(journal, order_ids(30))
    worker = uuid4()
    for window in (2, 0, 1):
        await journal.claim(window, START, worker, 20.0)

    async with (
        await AsyncConnection.connect(journals, autocommit=True) as renewing,
        await AsyncConnection.connect(journals) as other,
    ):
        await other.execute(
            "select from klarna_om.chunks where job = %s and chunk = 0 for share", [journal.identity.job_id]
        )
        values = {**journal.claims.leases._values([2, 0, 1]), "seconds": 20.0, "now": START}
        renewal = asyncio.create_task(renewing.execute(statements.RENEW_LEASES.encode(), values))
        await until_waiting(journals, 1)

        free = "select chunk from klarna_om.chunks where job = %s for update skip locked"
        async with await AsyncConnection.connect(journals) as looking:
            found = await (await looking.execute(free, [journal.identity.job_id])).fetchall()
            await looking.rollback()
        await other.commit()
        assert len(await (await renewal).fetchall()) == 3

    assert sorted(found) == [(1,), (2,)]

"""Two processes at one job: who has which window, and what the other may still do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import JournalMismatchError, RowResult, Stamp
from klarna_om.batch.postgres import PostgresJournal
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import order_id, order_ids
from tests.batch.jobs import START, load
from tests.batch.postgres.waiting import until_waiting

FIRST, SECOND = uuid4(), uuid4()
LATER = START + timedelta(seconds=19)
TOO_LATE = START + timedelta(seconds=21)
NEXT_DAY = START + timedelta(hours=24)


async def test_a_window_belongs_to_one_worker_until_its_lease_is_over(
    journal: PostgresJournal, other: PostgresJournal
) -> None:
    assert await journal.claim(3, START, FIRST, 20.0) == Stamp(3, 0, START)

    assert await other.claim(3, LATER, SECOND, 20.0) is None
    assert await other.claim(3, TOO_LATE, SECOND, 20.0) == Stamp(3, 0, START, is_inherited=True)


async def test_of_two_that_race_for_an_expired_window_one_gets_it(
    journal: PostgresJournal, other: PostgresJournal, journals: str, job_id: UUID
) -> None:
    await journal.claim(0, START, uuid4(), 20.0)
    async with await psycopg.AsyncConnection.connect(journals) as third:
        await third.execute("select from klarna_om.chunks where job = %s for update", [job_id])
        race = [asyncio.create_task(own.claim(0, TOO_LATE, uuid4(), 20.0)) for own in (journal, other)]
        await until_waiting(journals, 2)
        await third.commit()

        first, second = sorted([await claim for claim in race], key=lambda stamp: stamp is None)

    assert (first, second) == (Stamp(0, 0, START, is_inherited=True), None)


async def test_of_two_that_race_to_renew_a_stamp_both_get_the_same(
    journal: PostgresJournal, other: PostgresJournal
) -> None:
    await journal.claim(0, START, FIRST, 20.0)
    expired = Stamp(0, 0, START)

    renewed = await asyncio.gather(*(own.renew_stamp(expired, NEXT_DAY) for own in (journal, other)))

    assert [(stamp.epoch, stamp.first_used) for stamp in renewed] == [(1, NEXT_DAY)] * 2


async def test_a_lease_is_no_stamp(journal: PostgresJournal, other: PostgresJournal) -> None:
    assert set(await journal.lease({1, 2}, START, FIRST, 20.0)) == {1, 2}

    assert set(await other.lease({2, 3}, LATER, SECOND, 20.0)) == {3}
    assert await other.claim(2, LATER, SECOND, 20.0) is None
    assert await journal.claim(2, LATER, FIRST, 20.0) == Stamp(2, 0, LATER)


async def test_a_lease_that_is_renewed_is_not_taken_over(journal: PostgresJournal, other: PostgresJournal) -> None:
    await journal.claim(0, START, FIRST, 20.0)

    await journal.claims.leases.renew(LATER)

    assert journal.holds(0)
    assert await other.claim(0, TOO_LATE, SECOND, 20.0) is None


async def test_a_lease_that_was_taken_over_is_not_renewed(journal: PostgresJournal, other: PostgresJournal) -> None:
    await journal.claim(0, START, FIRST, 20.0)
    await other.claim(0, TOO_LATE, SECOND, 20.0)
    await other.release([0])

    await journal.claims.leases.renew(TOO_LATE)

    assert not journal.holds(0)


async def test_a_lease_is_over_by_the_processes_own_clock_too(journal: PostgresJournal) -> None:
    await journal.claim(0, START, FIRST, 0.0)

    assert not journal.holds(0)
    assert not journal.holds(1)


async def test_a_released_window_is_free_at_once(journal: PostgresJournal, other: PostgresJournal) -> None:
    await journal.claim(0, START, FIRST, 20.0)

    await journal.release([0, 5])

    assert await other.claim(0, START, SECOND, 20.0) == Stamp(0, 0, START, is_inherited=True)
    assert not journal.holds(0)


async def test_who_lost_a_window_records_nothing_but_what_is_done(
    journal: PostgresJournal, other: PostgresJournal
) -> None:
    await load(journal, order_ids(3))
    await journal.claim(0, START, FIRST, 20.0)
    await other.claim(0, TOO_LATE, SECOND, 20.0)

    await journal.record(RowResult(1, State.REFUSED, 403))
    await journal.record(RowResult(2, State.DONE, 204))
    await other.record(RowResult(3, State.REFUSED, 404))

    assert await other.counts() == Totals(pending=1, done=1, refused=1)


async def test_who_lost_a_window_leaves_its_stamp(journal: PostgresJournal, other: PostgresJournal) -> None:
    stamp = await journal.claim(0, START, FIRST, 20.0)
    assert stamp is not None
    await other.claim(0, TOO_LATE, SECOND, 20.0)

    await journal.remove_stamps([stamp])

    again = await other.claim(0, TOO_LATE, SECOND, 20.0)
    assert again == Stamp(0, 0, START, is_inherited=True)


async def test_the_stamp_of_a_later_epoch_stays(journal: PostgresJournal) -> None:
    stamp = await journal.claim(0, START, FIRST, 20.0)
    assert stamp is not None
    renewed = await journal.renew_stamp(stamp, LATER)

    await journal.remove_stamps([renewed])

    assert await journal.claim(0, LATER, FIRST, 20.0) == Stamp(0, 1, LATER, is_inherited=True)


async def test_two_that_bind_a_job_to_two_hosts_do_not_both_send(
    journal: PostgresJournal, other: PostgresJournal
) -> None:
    await journal.bind("https://api.klarna.com")
    await other.bind("https://api.playground.klarna.com")

    with pytest.raises(JournalMismatchError, match=r"go to https://api\.playground\.klarna\.com by now"):
        await journal.claim(0, START, FIRST, 20.0)
    with pytest.raises(JournalMismatchError, match=r"those of this process to https://api\.klarna\.com"):
        await journal.lease({0}, START, FIRST, 20.0)
    assert await other.claim(0, START, SECOND, 20.0) is not None


async def test_machines_whose_clocks_differ_agree_on_the_age_of_a_stamp(journals: str, job_id: UUID) -> None:
    now = datetime.now(UTC)
    async with PostgresJournal.open(journals, job_id) as first, PostgresJournal.open(journals, job_id) as second:
        await first.claim(0, now + timedelta(hours=30), FIRST, 20.0)
        await first.release([0])

        found = await second.claim(0, now - timedelta(hours=30), SECOND, 20.0)

    assert found is not None
    assert timedelta() <= now - timedelta(hours=30) - found.first_used < timedelta(minutes=5)


async def test_a_lease_is_judged_by_the_databases_clock(journals: str, job_id: UUID) -> None:
    now = datetime.now(UTC)
    async with PostgresJournal.open(journals, job_id) as first, PostgresJournal.open(journals, job_id) as second:
        await first.claim(0, now, FIRST, 20.0)

        assert await second.claim(0, now + timedelta(hours=30), SECOND, 20.0) is None


async def test_the_request_of_a_row_that_a_worker_has_cannot_change(journals: str, job_id: UUID) -> None:
    def rows(amount: int) -> AsyncIterator[list[Entry]]:
        row = {"order_id": order_id(1), "captured_amount": amount, "reference": "s-1"}
        return read_rows([row], RowParser("captures.create"))

    async with PostgresJournal.open(journals, job_id, "captures.create") as journal:
        await journal.load(rows(300))
        await journal.lease({0}, datetime.now(UTC), FIRST, 20.0)

        await journal.load(rows(400))
        assert await journal.counts() == Totals(conflict=1)

        await journal.release([0])
        await journal.load(rows(400))
        assert await journal.counts() == Totals(pending=1)

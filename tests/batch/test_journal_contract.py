"""What any journal does, whatever it keeps its rows in. Another one joins by an opener in `OPENERS`."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from klarna_om.batch.entry import Entry, Problem
from klarna_om.batch.journal import WINDOW, Journal, JournalError, Row, RowResult, Stamp
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import order_id, order_ids
from tests.batch.jobs import START, WORKER, lines, load, save_stamp

ALL = 10_000_000

Opener = Callable[[Path], AbstractAsyncContextManager[Journal]]

OPENERS: Mapping[str, Opener] = {
    "file": lambda folder: SqliteJournal.open(folder / "a.journal"),
    "memory": lambda _: SqliteJournal.open(None),
}

CAPTURES: Mapping[str, Opener] = {
    "file": lambda folder: SqliteJournal.open(folder / "b.journal", "captures.create"),
    "memory": lambda _: SqliteJournal.open(None, "captures.create"),
}
"""The same for a job whose rows have requests."""


@pytest.fixture(params=OPENERS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    """Each kind of journal."""
    async with OPENERS[request.param](tmp_path) as opened:
        yield opened


def rows(count: int) -> AsyncIterator[list[Entry]]:
    return read_rows(order_ids(count), RowParser("orders.acknowledge"))


async def unsettled_rows(journal: Journal, state: State = State.PENDING) -> list[Row]:
    return await journal.unsettled_rows(state, 1, ALL, ALL)


async def test_every_order_of_a_manifest_gets_a_row_in_its_order(journal: Journal) -> None:
    await load(journal, order_ids(3))

    assert await unsettled_rows(journal) == [Row(n, order_id(n), State.PENDING) for n in (1, 2, 3)]
    assert await journal.last_row() == 3


async def test_an_empty_journal_has_no_rows(journal: Journal) -> None:
    assert await journal.last_row() == 0
    assert await journal.counts() == Totals()


async def test_the_same_order_in_another_case_is_a_duplicate(journal: Journal) -> None:
    upper = "f3392f8b-6116-4073-ab96-e330819e2c07".upper()

    await load(journal, [upper, upper.lower(), order_id(1), upper])

    assert [row.order_id for row in await unsettled_rows(journal)] == [upper.lower(), order_id(1)]
    assert [(line.line, line.outcome, line.detail) for line in await lines(journal)] == [
        (1, "pending", None),
        (2, "duplicate", "the same as line 1"),
        (3, "pending", None),
        (4, "duplicate", "the same as line 1"),
    ]


async def test_the_totals_account_for_every_line(journal: Journal) -> None:
    await load(journal, [*order_ids(4), "", "x", "y", order_id(2)])
    for row, state in ((1, State.DONE), (2, State.REFUSED), (3, State.UNKNOWN)):
        await journal.record(RowResult(row, state))

    totals = Totals(done=1, refused=1, unknown=1, pending=1, duplicate=1, blank=1, malformed=2)

    assert await journal.counts() == totals
    assert totals.lines == 8 == len(await lines(journal))


async def test_new_orders_begin_a_new_window(journal: Journal) -> None:
    await load(journal, order_ids(3))

    await load(journal, order_ids(5))

    assert [row.row for row in await unsettled_rows(journal)] == [1, 2, 3, WINDOW + 1, WINDOW + 2]


async def test_a_manifest_is_loaded_completely_or_not_at_all(journal: Journal) -> None:
    async def broken() -> AsyncIterator[list[Entry]]:
        yield [Entry(1, order_id(1)), Entry(2, None, Problem.BLANK)]
        raise OSError("the disk is gone")

    await load(journal, order_ids(3))

    with pytest.raises(OSError, match="the disk is gone"):
        await journal.load(broken())
    assert len(await lines(journal)) == 3


async def test_a_row_that_is_settled_stays_so(journal: Journal) -> None:
    await load(journal, order_ids(2))
    await journal.record(RowResult(1, State.DONE, 204))
    await journal.record(RowResult(1, State.UNKNOWN))
    await journal.record(RowResult(2, State.UNKNOWN, attempts=4, idempotency_key="old", started=START))
    await journal.record(
        RowResult(2, State.REFUSED, attempts=1, started=START + timedelta(hours=1), finished=START, detail="no")
    )

    first, second = await lines(journal)

    assert (first.outcome, first.status) == ("done", 204)
    assert (second.outcome, second.attempts, second.idempotency_key) == ("refused", 5, "old")
    assert second.started_at == "2026-11-23T12:00:00.000+00:00"


async def test_a_line_has_the_request_that_was_loaded_and_a_duplicate_has_none(tmp_path: Path) -> None:
    row = {"order_id": order_id(1), "reference": "s-1", "captured_amount": 700}
    for name, opener in CAPTURES.items():
        async with opener(tmp_path) as journal:
            await load(journal, [row, row])

            first, second = await lines(journal)

            assert (first.body, second.body) == ('{"captured_amount":700,"reference":"s-1"}', None), name
            assert "700" not in repr(first)


async def test_a_journal_with_results_belongs_to_one_host(journal: Journal) -> None:
    await load(journal, order_ids(1))
    await journal.bind("https://api.wrong.example")
    await journal.bind("https://api.playground.klarna.com")
    await journal.record(RowResult(1, State.DONE))
    await journal.bind("https://api.playground.klarna.com:443")

    with pytest.raises(
        JournalError, match=r"has the results of calls to https://api\.playground.*would go to https://api\.klarna\.com"
    ):
        await journal.bind("https://api.klarna.com")


async def test_a_journal_with_a_stamp_belongs_to_one_host_until_it_is_removed(journal: Journal) -> None:
    stamp = Stamp(0, 0, START)
    await load(journal, order_ids(1))
    await journal.bind("https://api.wrong.example")
    await save_stamp(journal, stamp)

    with pytest.raises(
        JournalError,
        match=r"no result yet, but its orders may have been sent to https://api\.wrong.*to https://api\.kl",
    ):
        await journal.bind("https://api.klarna.com")

    await journal.remove_stamps([stamp])
    await journal.bind("https://api.klarna.com")


async def test_what_a_hook_writes_is_there_exactly_when_the_rows_are(journal: Journal) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("the queue is full")

    seen: list[object] = []

    with pytest.raises(RuntimeError, match="the queue is full"):
        await journal.load(rows(2), then=fail)
    assert await journal.counts() == Totals()

    await journal.load(rows(2), then=seen.append)
    assert await journal.counts() == Totals(pending=2)
    assert len(seen) == 1


async def test_the_first_claim_of_a_window_stamps_it_and_later_ones_find_that(journal: Journal) -> None:
    first = await journal.claim(7, START, WORKER, 20.0)
    again = await journal.claim(7, START + timedelta(hours=2), WORKER, 20.0)
    other = await journal.claim(8, START + timedelta(hours=2), WORKER, 20.0)

    assert first == Stamp(7, 0, START)
    assert again == Stamp(7, 0, START, is_inherited=True)
    assert other == Stamp(8, 0, START + timedelta(hours=2))


async def test_two_that_renew_a_stamp_get_the_same_one(journal: Journal) -> None:
    first = await journal.claim(0, START, WORKER, 20.0)
    assert first is not None

    one = await journal.renew_stamp(first, START + timedelta(hours=24))
    two = await journal.renew_stamp(first, START + timedelta(hours=25))

    assert (one.epoch, one.first_used) == (two.epoch, two.first_used) == (1, START + timedelta(hours=24))


async def test_a_claim_finds_the_latest_epoch(journal: Journal) -> None:
    first = Stamp(0, 0, START)
    await save_stamp(journal, first)
    await journal.renew_stamp(first, START + timedelta(hours=24))

    found = await journal.claim(0, START + timedelta(hours=25), uuid4(), 20.0)

    assert found == Stamp(0, 1, START + timedelta(hours=24), is_inherited=True)


async def test_a_stamp_under_which_nothing_was_sent_can_be_removed(journal: Journal) -> None:
    stamp = await journal.claim(0, START, WORKER, 20.0)
    assert stamp is not None

    await journal.remove_stamps([stamp])

    assert await journal.claim(0, START + timedelta(hours=1), WORKER, 20.0) == Stamp(0, 0, START + timedelta(hours=1))

"""What any journal does, whatever it keeps its rows in. Another one joins by an opener (`tests.batch.openers`)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from klarna_om.batch.entry import Entry, Problem
from klarna_om.batch.job_facts import Group, Limit
from klarna_om.batch.journal import WINDOW, Journal, JournalError, JournalMismatchError, Row, RowResult, Stamp
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import order_id, order_ids
from tests.batch.jobs import START, WORKER, lines, load, save_stamp
from tests.batch.openers import Open

ALL = 10_000_000


@pytest.fixture
async def journal(open_journal: Open) -> AsyncIterator[Journal]:
    """Each kind of journal."""
    async with open_journal() as opened:
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


async def test_a_line_has_the_request_that_was_loaded_and_a_duplicate_has_none(open_journal: Open) -> None:
    row = {"order_id": order_id(1), "reference": "s-1", "captured_amount": 700}
    async with open_journal("captures.create") as journal:
        await load(journal, [row, row])

        first, second = await lines(journal)

        assert (first.body, second.body) == ('{"captured_amount":700,"reference":"s-1"}', None)
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


def result(row: int, state: State, second: float, **more: Any) -> RowResult:
    """The result of a call that took 250 milliseconds."""
    finished = START + timedelta(seconds=second)
    started = finished - timedelta(milliseconds=250)
    return RowResult(row, state, **{"started": started, "finished": finished, "attempts": 1, **more})


async def test_an_empty_journal_has_no_facts_but_where_its_calls_go(journal: Journal) -> None:
    await journal.bind("https://api.klarna.com")

    facts = await journal.facts(10, 10)

    assert (facts.target, facts.first_call, facts.last_result, facts.requests) == (
        "https://api.klarna.com",
        None,
        None,
        0,
    )
    assert [*facts.groups, *facts.durations, *facts.stretches, *facts.limits] == []
    assert facts.created_at.tzinfo is not None


async def test_the_facts_tell_what_ended_alike_with_the_first_lines_of_each(journal: Journal) -> None:
    await load(journal, ["x", "y", *order_ids(6), order_id(1)])
    one, two, three, four, five, _ = [row.row for row in await unsettled_rows(journal)]
    for row in (one, two, three):
        await journal.record(result(row, State.REFUSED, row, status=403, error_code="NOT_ALLOWED"))
    await journal.record(result(four, State.UNKNOWN, 4, status=503))
    await journal.record(result(five, State.DONE, 5, status=204))

    facts, fewer = await journal.facts(10, 2), await journal.facts(2, 1)

    assert list(facts.groups) == [
        Group("refused", 403, "NOT_ALLOWED", 3, (3, 4)),
        Group("malformed", None, None, 2, (1, 2)),
        Group("unknown", 503, None, 1, (6,)),
    ]
    assert [(group.count, group.lines) for group in fewer.groups] == [(3, (3,)), (2, (1,))]


async def test_the_facts_count_requests_by_state_over_time(journal: Journal) -> None:
    await load(journal, order_ids(5))
    await journal.record(result(1, State.DONE, 0.25, attempts=3))
    await journal.record(result(2, State.DONE, 0.75))
    await journal.record(result(3, State.REFUSED, 2.0, attempts=2))
    await journal.record(result(4, State.UNKNOWN, 400.0))

    facts = await journal.facts(10, 10)

    first, second = facts.stretches
    assert (first.start, first.width, first.requests) == (START, 1, {"done": [4, 0, 0], "refused": [0, 0, 2]})
    assert (second.start, second.requests) == (START + timedelta(seconds=400), {"unknown": [1]})
    assert (facts.first_call, facts.last_result, facts.requests) == (START, START + timedelta(seconds=400), 7)


async def test_the_facts_have_the_times_of_settled_rows_to_three_digits(journal: Journal) -> None:
    times = (7, 250, 1_234, 12_345, 123_456, 1_234_567, -5)
    await load(journal, order_ids(len(times) + 2))
    for row, milliseconds in enumerate(times, 1):
        started = START + timedelta(hours=1)
        finished = started + timedelta(milliseconds=milliseconds)
        await journal.record(RowResult(row, State.DONE, started=started, finished=finished))
    await journal.record(result(len(times) + 1, State.UNKNOWN, 5))

    facts = await journal.facts(10, 10)

    assert [tuple(each) for each in facts.durations] == [
        (0, 1),
        (7, 1),
        (250, 1),
        (1_230, 1),
        (12_300, 1),
        (123_000, 1),
        (1_230_000, 1),
    ]


async def test_the_facts_are_about_the_current_manifest(journal: Journal) -> None:
    await load(journal, order_ids(2))
    await journal.record(result(1, State.REFUSED, 1, status=404, error_code="NO_SUCH_ORDER"))
    await journal.record(result(2, State.DONE, 2))

    await load(journal, [order_id(2)])

    facts = await journal.facts(10, 10)
    assert (list(facts.groups), facts.requests) == ([], 1)


async def test_the_facts_have_the_limits_in_the_order_of_time(journal: Journal) -> None:
    limits = [Limit(START, 190.0, 190.0), Limit(START + timedelta(seconds=1), 190.0, 161.5)]
    for limit in limits:
        await journal.record_limit(limit)

    assert list((await journal.facts(1, 1)).limits) == limits


async def test_what_has_no_status_or_code_comes_first_among_groups_of_a_size(journal: Journal) -> None:
    await load(journal, order_ids(4))
    refusals = [(404, "NO_SUCH_ORDER"), (403, "b"), (403, "B"), (None, None)]
    for row, (status, code) in enumerate(refusals, 1):
        await journal.record(result(row, State.REFUSED, row, status=status, error_code=code))

    facts = await journal.facts(10, 10)

    assert [(group.status, group.error_code) for group in facts.groups] == [
        (None, None),
        (403, "B"),
        (403, "b"),
        (404, "NO_SUCH_ORDER"),
    ]


async def test_results_of_another_host_are_not_read_back(journal: Journal) -> None:
    await load(journal, order_ids(1))
    await journal.bind("https://api.playground.klarna.com")
    await journal.record(RowResult(1, State.DONE))

    await journal.check_host("https://api.playground.klarna.com:443")
    with pytest.raises(JournalMismatchError, match="has the results of calls to https://api.playground.klarna.com"):
        await journal.check_host("https://api.klarna.com")

"""A run stops when too many of its rows have failed."""

import pytest

from klarna_om.batch import Job
from klarna_om.batch.failure_limit import FailureLimit, parse_failure_limit
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import FakeSender, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import load, run


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        (1, FailureLimit(1)),
        ("250", FailureLimit(250)),
        ("5%", FailureLimit(5, is_percent=True)),
        ("0.5%", FailureLimit(0.5, is_percent=True)),
        ("100%", FailureLimit(100, is_percent=True)),
    ],
)
def test_a_limit_is_a_number_or_a_share(text: object, limit: FailureLimit) -> None:
    assert parse_failure_limit(text) == limit
    assert parse_failure_limit(limit) == limit


@pytest.mark.parametrize("text", [0, -1, "0", "0%", "101%", "2.5", 2.5, True, "many", "", "1e3", "9" * 400])
def test_what_is_no_limit_is_refused_with_what_to_write(text: object) -> None:
    with pytest.raises(ValueError, match="a whole number of rows from 1 on"):
        parse_failure_limit(text)
    with pytest.raises(ValueError, match="a whole number of rows from 1 on"):
        Job("orders.acknowledge", [], max_failures=text)


@pytest.mark.parametrize(
    ("before", "now", "is_reached"),
    [
        (Totals(), Totals(refused=1, unknown=1), False),
        (Totals(), Totals(refused=1, unknown=1, escalated=1), True),
        (Totals(refused=10), Totals(refused=12), False),
        (Totals(refused=10), Totals(refused=13), True),
        (Totals(unknown=5), Totals(unknown=5, refused=2), False),
        (Totals(unknown=5), Totals(refused=3), True),
    ],
)
def test_rows_that_failed_in_an_earlier_run_do_not_count(before: Totals, now: Totals, is_reached: bool) -> None:
    assert FailureLimit(3).is_reached(before, now) is is_reached


@pytest.mark.parametrize(
    ("now", "is_reached"),
    [
        (Totals(done=1, refused=98), False),
        (Totals(done=90, refused=10), True),
        (Totals(done=91, refused=9), False),
        (Totals(done=180, refused=10, escalated=5, unknown=5), True),
    ],
)
def test_a_share_counts_from_a_hundred_rows_on(now: Totals, is_reached: bool) -> None:
    assert FailureLimit(10, is_percent=True).is_reached(Totals(), now) is is_reached


async def test_a_run_with_too_many_failures_stops_and_the_next_goes_on(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(100))
    for number in range(10, 31):
        sender.failures[order_id(number)].append(response_error(404))

    stopped = await run(journal, sender, max_failures=FailureLimit(5))
    first = len(sender.calls)
    continued = await run(journal, sender)

    assert stopped.stopped_by == "too many rows have failed in this run; the limit is 5"
    assert 5 <= stopped.totals.refused <= 5 + 4
    assert stopped.totals.unknown == 0
    assert first < 30
    assert continued.totals == Totals(done=79, refused=21)
    assert len(sender.calls) == 100


async def test_unknown_rows_that_are_settled_later_are_no_failures(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(100))
    for number in range(1, 101, 10):
        sender.failures[order_id(number)].append(no_answer_error())

    summary = await run(journal, sender, max_failures=FailureLimit(11))

    assert (summary.totals, summary.stopped_by) == (Totals(done=100), "")

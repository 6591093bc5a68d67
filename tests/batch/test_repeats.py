"""Rows of unknown outcome are repeated within the run, for a while."""

from klarna_om.batch.calls import SendResult
from klarna_om.batch.circuit_breaker import CONSECUTIVE_FAILURES
from klarna_om.batch.feed import Feed
from klarna_om.batch.journal import WINDOW, Row
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from klarna_om.keys import Key
from tests.batch.fake_sender import FakeSender, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import Time, load, make_job, run


async def test_a_row_is_repeated_at_once_and_after_1_2_4_seconds(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].extend(no_answer_error() for _ in range(5))

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=1)
    assert time.slept == [1, 2, 4, 8]
    assert len(set(sender.keys_for(order_id(1)))) == 1


async def test_a_row_that_two_minutes_did_not_settle_stays_unknown(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(3))
    sender.failures[order_id(2)].extend(no_answer_error() for _ in range(1000))

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=2, unknown=1)
    assert time.slept.count(300) == 1  # Klarna's five minutes; the other repeats end after two without progress
    assert 120 <= time.seconds - 300 <= 2 * 180
    assert len(sender.keys_for(order_id(2))) <= 20


async def test_many_rows_that_always_fail_are_not_called_again_and_again(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1000))
    for number in range(1, 1001, 4):
        sender.failures[order_id(number)].extend(response_error(500) for _ in range(100))

    summary = await run(journal, sender, time, in_flight=32)

    assert summary.totals == Totals(done=750, unknown=250)
    assert len(sender.calls) <= 1000 + 2 * (CONSECUTIVE_FAILURES + 32 + 10)
    assert time.seconds <= 300 + 2 * 200


async def test_each_settled_row_gives_the_others_more_time(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(3))

    def settle_one_every_hundred_seconds(number: int) -> None:
        sender.always_fail = None if time.seconds >= 100 * (1 + sum(sender.executed.values()) - 3) else no_answer_error

    sender.always_fail = no_answer_error
    sender.on_call = settle_one_every_hundred_seconds
    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=3)


async def test_repeats_are_shuffled_so_that_bad_neighbours_are_no_outage(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(5))
    for order in order_ids(5):
        sender.failures[order].append(no_answer_error())

    await run(journal, sender, time, in_flight=1, shuffle=list.reverse)

    assert [order for order, _ in sender.calls[5:]] == order_ids(5)[::-1]


async def test_a_page_without_a_row_to_repeat_is_skipped(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(WINDOW + 2))
    lease = make_job(journal, sender).make_stamps().lease
    feed = Feed(journal, lease, State.PENDING, 1, WINDOW + 2, lambda rows: [row for row in rows if row.row > WINDOW])

    taken = [await feed.take() for _ in range(3)]

    assert [row and row.row for row in taken] == [WINDOW + 1, WINDOW + 2, None]


async def test_a_row_refused_in_doubt_is_repeated_once(journal: SqliteJournal, sender: FakeSender, time: Time) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].append(no_answer_error())
    sender.failures[order_id(1)].extend(response_error(403) for _ in range(10))

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(escalated=1)
    assert len(sender.calls) == 2
    assert time.slept == []


async def test_a_conflict_in_doubt_is_repeated_until_the_other_call_is_over(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].extend([no_answer_error(), response_error(409), response_error(409)])

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=1)


async def test_a_row_that_was_not_sent_stays_unknown_when_time_is_over(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(2))

    def limit_in_repeats(number: int) -> None:
        sender.always_fail = {1: None, 2: no_answer_error}.get(number, lambda: response_error(429))

    sender.on_call = limit_in_repeats
    summary = await run(journal, sender, time, in_flight=1)

    assert summary.totals == Totals(done=1, unknown=1)
    assert time.seconds <= 300


async def test_a_small_job_waits_out_a_minute_without_a_second_run(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(5))

    def fail_for_a_minute(number: int) -> None:
        time.seconds += 0.5
        sender.always_fail = (lambda: response_error(503)) if time.seconds < 60 else None

    sender.on_call = fail_for_a_minute
    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=5)


async def test_a_small_jobs_rows_stay_pending_while_klarna_is_down(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1000))
    unknown: list[int] = []

    def fail_for_a_minute(number: int) -> None:
        time.seconds += 0.01
        sender.always_fail = (lambda: response_error(503)) if 2 < time.seconds < 62 else None

    async def send(row: Row, key: Key) -> SendResult:
        unknown.append((await journal.counts()).unknown)
        return await sender(row, key)

    sender.on_call = fail_for_a_minute
    summary = await run(journal, send, time, in_flight=32)

    assert summary.totals == Totals(done=1000)
    assert max(unknown) <= CONSECUTIVE_FAILURES + 32 + 10

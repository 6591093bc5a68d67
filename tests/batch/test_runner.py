"""A run settles every row: once, under keys that survive a crash."""

import asyncio
import shutil
import sqlite3
from collections import deque
from contextlib import closing
from pathlib import Path

import pytest

from klarna_om.batch.calls import SendResult
from klarna_om.batch.journal import WINDOW, JournalError, Row
from klarna_om.batch.runner import run_all_rows
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import KEY_VALIDITY
from klarna_om.batch.totals import Progress, Totals
from klarna_om.errors import ConfigurationError, ConnectionFailed, QueueTimeout, Unauthorized
from klarna_om.keys import Key
from tests.batch.fake_sender import FakeSender, connection_error, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import Time, key_of, lines, load, make_job, run

VALIDITY = KEY_VALIDITY.total_seconds()


async def test_every_order_is_called_once(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(2500))

    summary = await run(journal, sender, in_flight=64)

    assert summary.totals == Totals(done=2500)
    assert summary.is_complete
    assert sorted(order for order, _ in sender.calls) == order_ids(2500)
    assert set(sender.executed.values()) == {1}


async def test_no_more_calls_than_in_flight_are_in_progress(journal: SqliteJournal, sender: FakeSender) -> None:
    together = asyncio.Barrier(7)

    async def wait_for_each_other(row: Row, key: Key) -> SendResult:
        if len(sender.calls) < 7:  # the first few confirm Klarna
            return await sender(row, key)
        async with together:
            return await sender(row, key)

    await load(journal, order_ids(70))

    await asyncio.wait_for(run(journal, wait_for_each_other, in_flight=7), 10)

    assert sender.most_in_progress <= 7


async def test_in_flight_is_at_least_one(journal: SqliteJournal, sender: FakeSender) -> None:
    with pytest.raises(ValueError, match="in_flight"):
        await run(journal, sender, in_flight=0)


async def test_an_empty_manifest_is_complete(journal: SqliteJournal, sender: FakeSender) -> None:
    summary = await run(journal, sender)

    assert (summary.totals, summary.is_complete, summary.rate) == (Totals(), True, 0.0)


async def test_the_report_has_the_facts_of_each_call(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(2))
    sender.failures[order_id(2)].append(
        response_error(404, b'{"error_code": "NO_SUCH_ORDER", "error_messages": ["gone"]}')
    )
    await run(journal, sender)

    done, refused = await lines(journal)

    assert (done.outcome, done.status, done.attempts, done.detail) == ("done", 204, 1, None)
    assert done.correlation_id == f"correlation of {order_id(1)}"
    assert done.idempotency_key == key_of(journal, 1, 0) == sender.keys_for(order_id(1))[0]
    assert done.started_at == done.finished_at == "2026-11-23T12:00:00.000+00:00"
    assert (refused.outcome, refused.status, refused.error_code) == ("refused", 404, "NO_SUCH_ORDER")
    assert refused.detail is not None
    assert "gone" in refused.detail


async def test_a_run_that_is_complete_calls_nothing_when_it_is_repeated(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(10))
    sender.failures[order_id(3)].append(response_error(404))
    await run(journal, sender)

    summary = await run(journal, sender)

    assert (len(sender.calls), summary.totals, summary.settled_now) == (10, Totals(done=9, refused=1), 0)


async def test_an_unknown_outcome_is_settled_by_one_more_pass_under_the_same_key(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(5))
    sender.failures[order_id(2)].append(response_error(503))
    sender.failures[order_id(4)].extend([no_answer_error(), response_error(404)])

    summary = await run(journal, sender)

    assert summary.totals == Totals(done=4, refused=1)
    assert len(set(sender.keys_for(order_id(2)))) == 1
    assert sender.executed[order_id(2)] == 1
    assert [line.attempts for line in await lines(journal)] == [1, 2, 1, 2, 1]


async def test_an_unknown_row_is_repeated_by_the_next_run_under_the_same_key(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(1))
    sender.always_fail = no_answer_error
    summary = await run(journal, sender)
    assert (summary.totals, summary.is_complete) == (Totals(unknown=1), False)

    sender.always_fail = None
    assert (await run(journal, sender)).totals == Totals(done=1)
    assert len(set(sender.keys_for(order_id(1)))) == 1


async def test_a_refusal_maybe_caused_by_our_own_success_is_for_a_person(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].extend([no_answer_error(), response_error(403)])

    summary = await run(journal, sender)

    assert summary.totals == Totals(escalated=1)

    (line,) = await lines(journal)

    assert (line.status, line.outcome) == (403, "escalated")


async def test_a_call_that_was_not_sent_is_tried_again_after_1_2_4_seconds(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].extend([response_error(429), connection_error(), QueueTimeout("no place")])

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=1)
    assert time.slept == [1, 2, 4]
    assert len(set(sender.keys_for(order_id(1)))) == 1


async def test_the_rate_limits_own_wait_is_obeyed_up_to_a_minute(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    for seconds in (7.0, 3600.0):
        limited = response_error(429)
        limited.retry_after = seconds
        sender.failures[order_id(1)].append(limited)

    await run(journal, sender, time)

    assert time.slept == [7, 60]


async def test_every_window_is_stamped_on_disk_before_its_first_call(
    journal: SqliteJournal, sender: FakeSender, path: Path
) -> None:
    await load(journal, order_ids(2 * WINDOW + 1))
    stamped: list[int] = []

    def count_stamps(number: int) -> None:
        if number in (1, WINDOW + 1, 2 * WINDOW + 1):
            with closing(sqlite3.connect(path)) as connection:
                stamped.extend(connection.execute("SELECT count(*) FROM windows").fetchone())

    sender.on_call = count_stamps

    await run(journal, sender, in_flight=1)

    assert stamped == [1, 2, 3]


async def test_a_crash_at_any_call_costs_nothing_and_repeats_under_the_same_keys(
    journal: SqliteJournal, path: Path, tmp_path: Path
) -> None:
    sender = FakeSender()
    await load(journal, order_ids(60))
    for number in (3, 17, 44):
        sender.failures[order_id(number)].append(no_answer_error())

    def crash(number: int) -> None:
        shutil.copy(path, tmp_path / f"crash-{number}")
        shutil.copy(f"{path}-wal", tmp_path / f"crash-{number}-wal")

    sender.on_call = crash
    await run(journal, sender, in_flight=8)
    sender.on_call = None

    crashes = len(sender.calls)
    assert crashes == 63
    for number in range(1, crashes + 1):
        async with SqliteJournal.open(tmp_path / f"crash-{number}") as resumed:
            await load(resumed, order_ids(60))
            assert (await run(resumed, sender)).totals == Totals(done=60)
    assert set(sender.executed.values()) == {1}


async def test_rows_of_a_crashed_run_count_as_maybe_sent(path: Path, sender: FakeSender) -> None:
    async with SqliteJournal.open(path) as journal:
        await load(journal, order_ids(2))
        sender.failures[order_id(1)].append(response_error(401))
        with pytest.raises(Unauthorized):
            await run(journal, sender, in_flight=1)
    sender.failures[order_id(1)].append(response_error(403))
    sender.failures[order_id(2)].append(response_error(404))
    async with SqliteJournal.open(path) as journal:
        await load(journal, order_ids(2))
        # The first refusal may be caused by an earlier success, the second cannot. The last pass repeats the first.
        assert (await run(journal, sender)).totals == Totals(done=1, refused=1)


async def test_after_the_keys_validity_a_row_is_sent_under_the_next_epoch(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(2))
    sender.on_call = lambda number: setattr(sender, "always_fail", no_answer_error if number > 1 else None)
    await run(journal, sender, time, in_flight=1)
    time.seconds += VALIDITY
    sender.on_call = sender.always_fail = None
    await run(journal, sender, time)

    old = key_of(journal, 2, 0)

    assert set(sender.keys_for(order_id(2))[:-1]) == {old}
    assert sender.keys_for(order_id(2))[-1] == key_of(journal, 2, 1)
    assert len(sender.keys_for(order_id(1))) == 1


async def test_the_new_epochs_stamp_is_saved_so_that_its_key_is_repeated_later(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.always_fail = no_answer_error
    await run(journal, sender, time)
    time.seconds += VALIDITY
    await run(journal, sender, time)
    renewed = [line.idempotency_key for line in await lines(journal)]
    time.seconds += VALIDITY - 600
    sender.always_fail = None

    await run(journal, sender, time)

    assert renewed == [key_of(journal, 1, 1)]
    assert sender.keys_for(order_id(1))[-1] == key_of(journal, 1, 1)


async def test_with_fail_nothing_is_sent_after_the_keys_validity(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.always_fail = no_answer_error
    await run(journal, sender, time)
    time.seconds += VALIDITY
    calls, slept = len(sender.calls), len(time.slept)

    summary = await run(journal, sender, time, on_expired="fail")

    assert (summary.totals, len(sender.calls), len(time.slept)) == (Totals(escalated=1), calls, slept)

    (line,) = await lines(journal)

    assert line.detail is not None
    assert "may have been sent more than 23 hours ago" in line.detail
    assert line.idempotency_key == sender.calls[0][1]


async def test_a_key_that_expires_while_the_job_is_paused_is_not_used(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(2))

    def expire(number: int) -> None:
        if number == 1:
            time.seconds += VALIDITY

    sender.on_call = expire

    await run(journal, sender, time, in_flight=1)

    assert sender.keys_for(order_id(1)) == [key_of(journal, 1, 0)]
    assert sender.keys_for(order_id(2)) == [key_of(journal, 2, 1)]


async def test_an_outage_pauses_the_job_and_costs_no_row(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(200))
    seen: list[Progress] = []
    calls_at: list[float] = []

    def fail_until_an_hour_has_passed(number: int) -> None:
        calls_at.append(time.seconds)
        time.seconds += 1.0
        sender.always_fail = (lambda: response_error(429)) if 5 < time.seconds < 3600 else None

    sender.on_call = fail_until_an_hour_has_passed
    job = make_job(journal, sender, time, in_flight=4)
    job.tracker._on_progress = seen.append
    summary = await run_all_rows(job)

    assert summary.totals == Totals(done=200)
    assert set(sender.executed.values()) == {1}
    assert sum(1 for moment in calls_at if 100 < moment < 3600) <= 3500 / 60 + 5
    assert any(progress.is_paused for progress in seen)
    assert not seen[-1].is_paused


async def test_an_outage_with_unknown_outcomes_is_settled_afterwards(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(300))

    def fail_for_a_while(number: int) -> None:
        time.seconds += 1.0
        sender.always_fail = (lambda: response_error(503)) if time.seconds < 200 else None

    sender.on_call = fail_for_a_while

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=300)
    assert set(sender.executed.values()) == {1}


async def test_wrong_credentials_stop_the_job_at_once_and_cost_no_row(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(100))
    sender.always_fail = lambda: response_error(401)

    with pytest.raises(Unauthorized):
        await run(journal, sender, in_flight=4)
    assert len(sender.calls) <= 4
    assert await journal.counts() == Totals(pending=100)

    sender.always_fail = None

    assert (await run(journal, sender)).totals == Totals(done=100)


async def test_credentials_revoked_midway_stop_the_job_and_what_is_known_is_kept(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(10))

    def revoke(number: int) -> None:
        sender.always_fail = (lambda: response_error(401)) if number > 6 else None

    sender.on_call = revoke

    with pytest.raises(Unauthorized):
        await run(journal, sender, in_flight=1)
    assert await journal.counts() == Totals(done=6, pending=4)


async def test_an_unusable_configuration_stops_the_job(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(3))
    sender.always_fail = lambda: ConfigurationError("no")

    with pytest.raises(ConfigurationError):
        await run(journal, sender)


@pytest.mark.parametrize("count", [1, 2, 50])
async def test_an_unreachable_host_stops_the_job_after_three_calls(
    journal: SqliteJournal, sender: FakeSender, count: int
) -> None:
    await load(journal, order_ids(count))
    sender.always_fail = connection_error

    with pytest.raises(ConnectionFailed):
        await run(journal, sender, in_flight=1)
    assert len(sender.calls) == 3
    assert await journal.counts() == Totals(pending=count)


async def test_a_host_that_answered_once_is_waited_for(journal: SqliteJournal, sender: FakeSender, time: Time) -> None:
    await load(journal, order_ids(2))

    sender.failures[order_id(2)].extend(connection_error() for _ in range(20))

    assert (await run(journal, sender, time, in_flight=1)).totals == Totals(done=2)


async def test_a_queue_timeout_does_not_show_that_the_host_is_reachable(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].append(QueueTimeout("no place"))
    sender.failures[order_id(1)].extend(connection_error() for _ in range(20))

    with pytest.raises(ConnectionFailed):
        await run(journal, sender)
    assert len(sender.calls) == 4


async def test_a_journal_that_cannot_be_written_stops_the_sending(
    journal: SqliteJournal, sender: FakeSender, path: Path
) -> None:
    await load(journal, order_ids(1000))

    def fill_the_disk(number: int) -> None:
        if number == 100:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(
                    "CREATE TRIGGER full BEFORE UPDATE ON rows BEGIN SELECT raise(ABORT, 'disk is full'); END"
                )

    sender.on_call = fill_the_disk

    with pytest.raises(JournalError, match="disk is full"):
        await run(journal, sender, in_flight=8)
    assert len(sender.calls) < 100 + 3 * 8


async def test_a_stop_lets_calls_in_progress_end_and_begins_none(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(100))
    job = make_job(journal, sender, in_flight=5)
    sender.on_call = lambda number: job.stop.request() if number == 20 else None

    summary = await run_all_rows(job)

    assert len(sender.calls) <= 24
    assert summary.totals == Totals(done=len(sender.calls), pending=100 - len(sender.calls))
    assert not summary.is_complete


async def test_a_stop_ends_the_wait_of_a_row_that_was_not_sent(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(1))
    job = make_job(journal, sender)

    def stop_soon(_: int) -> None:
        sender.always_fail = lambda: response_error(429)
        asyncio.get_running_loop().call_later(0.01, job.stop.request)

    sender.on_call = stop_soon

    summary = await asyncio.wait_for(run_all_rows(job), 10)

    assert summary.totals == Totals(pending=1)


async def test_a_stop_before_a_permit_calls_nothing(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(3))
    job = make_job(journal, sender, in_flight=1)
    job.breaker._pause = 1.0

    async def stopping(_: float) -> None:
        job.stop.request()
        await asyncio.sleep(0)

    job.stop._sleep = stopping

    assert (await run_all_rows(job)).totals == Totals(pending=3)
    assert sender.calls == []


async def test_a_cancelled_call_is_unknown_and_repeated_under_the_same_key(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(10))
    in_progress = asyncio.Event()

    async def hang(row: Row, key: Key) -> SendResult:
        await sender(row, key)
        if len(sender.calls) == 4:
            in_progress.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(run(journal, hang, in_flight=4))
    await in_progress.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await journal.counts() == Totals(unknown=4, pending=6)
    assert (await lines(journal))[0].detail == "cancelled while the call was in progress; a repeat settles it"
    assert (await run(journal, sender)).totals == Totals(done=10)
    assert set(sender.executed.values()) == {1}


async def test_a_bug_in_the_sender_is_raised_and_not_hidden(journal: SqliteJournal) -> None:
    async def broken(row: Row, key: Key) -> SendResult:
        raise ZeroDivisionError

    await load(journal, order_ids(3))

    with pytest.raises(ZeroDivisionError):
        await run(journal, broken, in_flight=1)


async def test_orders_that_the_manifest_no_longer_names_are_not_sent(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(10))

    await load(journal, order_ids(3))

    assert (await run(journal, sender)).totals == Totals(done=3)
    assert len(sender.calls) == 3


async def test_memory_does_not_grow_with_the_manifest(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(5 * WINDOW))
    pages: deque[int] = deque()
    job = make_job(journal, sender, in_flight=64)
    sender.on_call = lambda _: pages.append(len(asyncio.all_tasks()))

    await run_all_rows(job)

    assert max(pages) < 64 * 3

"""Rows that fail for good are tried again by Klarna's schedule, 5 s, 5 min, 5 h, and then escalated."""

from datetime import timedelta

from klarna_om.batch.runner import run_all_rows
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.totals import Progress, Totals
from tests.batch.fake_sender import FakeSender, foreign_error, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import Time, load, make_job, run

MINUTE, HOUR = 60.0, 3600.0


async def fail_once_more(journal: SqliteJournal, sender: FakeSender, time: Time) -> Totals:
    sender.failures[order_id(1)].extend(response_error(500) for _ in range(100))
    totals = (await run(journal, sender, time)).totals
    sender.failures.clear()
    return totals


async def test_a_run_waits_five_minutes_and_the_next_one_five_hours_later_is_the_last(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(3))

    first = await fail_once_more(journal, sender, time)
    waited = time.seconds
    time.seconds += 5 * HOUR
    second = await fail_once_more(journal, sender, time)

    assert (first, second) == (Totals(done=2, unknown=1), Totals(done=2, escalated=1))
    assert 5 * MINUTE <= waited <= 12 * MINUTE
    assert time.slept.count(300) == 1
    assert len(set(sender.keys_for(order_id(1)))) == 1


async def test_a_row_that_succeeds_after_five_minutes_is_done_in_the_same_run(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(2))
    sender.on_call = lambda _: setattr(sender, "always_fail", no_answer_error if time.seconds < 4 * MINUTE else None)

    summary = await run(journal, sender, time)

    assert (summary.totals, summary.due) == (Totals(done=2), None)


async def test_a_run_says_when_its_rows_are_due(journal: SqliteJournal, sender: FakeSender, time: Time) -> None:
    await load(journal, order_ids(1))
    sender.always_fail = no_answer_error

    summary = await run(journal, sender, time)

    assert summary.due is not None
    assert timedelta(hours=4, minutes=55) < summary.due - time.now() <= timedelta(hours=5)


async def test_a_run_before_that_tries_at_once_and_does_not_count(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    await fail_once_more(journal, sender, time)
    early = [await fail_once_more(journal, sender, time) for _ in range(5)]

    sender.always_fail = None

    assert early == [Totals(unknown=1)] * 5
    assert (await run(journal, sender, time)).totals == Totals(done=1)


async def test_an_escalated_row_is_not_called_again(journal: SqliteJournal, sender: FakeSender, time: Time) -> None:
    await load(journal, order_ids(1))
    for _ in range(2):
        await fail_once_more(journal, sender, time)
        time.seconds += 5 * HOUR
    calls = len(sender.calls)

    assert (await run(journal, sender, time)).totals == Totals(escalated=1)
    assert len(sender.calls) == calls


async def test_answers_that_are_not_klarnas_bring_no_row_nearer_to_a_person(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(2))

    def answer(_: int) -> None:
        sender.always_fail = foreign_error if sender.executed else None

    sender.on_call = answer
    for _ in range(4):
        await run(journal, sender, time, in_flight=1)
        time.seconds += 5 * HOUR

    assert await journal.counts() == Totals(done=1, unknown=1)
    assert time.slept.count(300) == 0


async def test_a_stop_ends_the_wait_and_postpones_nothing(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(2))
    sender.failures[order_id(1)].extend(no_answer_error() for _ in range(100))
    seen: list[Progress] = []
    job = make_job(journal, sender, time)

    def stop_while_waiting(progress: Progress) -> None:
        seen.append(progress)
        if progress.pause is not None and "5 minutes" in progress.pause.cause:
            job.stop.request()

    job.tracker._on_progress = stop_while_waiting
    summary = await run_all_rows(job)

    assert summary.totals == Totals(done=1, unknown=1)
    assert job.waiting is None
    assert (await run(journal, sender, time)).totals.unknown == 1

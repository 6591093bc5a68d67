"""A run ends at a time of day, or after some time."""

from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from klarna_om.batch.progress_tracker import ProgressTracker
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.stop import Stop
from klarna_om.batch.time_limit import TimeLimit
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import FakeSender, no_answer_error, order_ids
from tests.batch.jobs import START, Time, load, run


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (TimeLimit(until=START + timedelta(hours=1)), "its time is over: it is 2026-11-23 13:00 UTC"),
        (TimeLimit(seconds=3600), "its time is over: the run has taken 3600 s"),
        (TimeLimit(START + timedelta(hours=2), 3600), "its time is over: the run has taken 3600 s"),
    ],
)
async def test_no_call_begins_after_it_and_the_next_run_goes_on(
    journal: SqliteJournal, sender: FakeSender, time: Time, limit: TimeLimit, reason: str
) -> None:
    await load(journal, order_ids(100))
    sender.on_call = lambda number: setattr(time, "seconds", 3600) if number == 20 else None

    stopped = await run(journal, sender, time, time_limit=limit, in_flight=1)
    calls = len(sender.calls)
    continued = await run(journal, sender, time)

    assert stopped.stopped_by == reason
    assert calls < 100
    assert (stopped.totals.unknown, stopped.totals.done) == (0, calls)
    assert continued.totals == Totals(done=100)


async def test_a_run_that_is_through_before_does_not_wait_for_it(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(3))

    summary = await run(journal, sender, time, time_limit=TimeLimit(seconds=1e6))

    assert (summary.totals, summary.stopped_by) == (Totals(done=3), "")


async def test_it_ends_the_wait_for_what_failed(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(2))
    sender.always_fail = no_answer_error
    real: dict[str, Any] = {
        "stop": Stop(),
        "clock": monotonic,
        "tracker": ProgressTracker(),
    }  # the wait and the limit run side by side

    summary = await run(journal, sender, time_limit=TimeLimit(seconds=0.05), **real)

    assert "the run has taken 0.05 s" in summary.stopped_by
    assert summary.totals == Totals(unknown=2)

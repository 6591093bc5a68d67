"""A run stops when the clock of its machine jumps."""

from datetime import timedelta

import pytest

from klarna_om.batch.clock_jump import ClockWatch
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import FakeSender, order_ids
from tests.batch.jobs import Time, load, run


@pytest.mark.parametrize(("hours", "direction"), [(9, "forward by 9:00:00"), (-48, "back by 2 days, 0:00:00")])
async def test_no_call_begins_after_it_and_the_next_run_goes_on(
    journal: SqliteJournal, sender: FakeSender, time: Time, hours: int, direction: str
) -> None:
    await load(journal, order_ids(100))
    shift = timedelta()

    def jump(number: int) -> None:
        nonlocal shift
        shift = timedelta(hours=hours) if number >= 20 else shift

    sender.on_call = jump
    stopped = await run(journal, sender, time, now=lambda: time.now() + shift)
    calls = len(sender.calls)
    continued = await run(journal, sender, time, now=lambda: time.now() + shift)

    assert f"the clock of this machine went {direction}" in stopped.stopped_by
    assert 20 <= calls <= 20 + 4
    assert (stopped.totals.done, stopped.totals.unknown) == (calls, 0)
    assert continued.totals == Totals(done=100)
    assert set(sender.executed.values()) == {1}


@pytest.mark.parametrize("minutes", [-29, 29])
async def test_a_clock_that_is_corrected_by_minutes_stops_nothing(time: Time, minutes: int) -> None:
    shift, stop = timedelta(), Stop(time.sleep)
    watch = ClockWatch(stop, lambda: time.now() + shift, time.monotonic)

    time.seconds += 1e6
    shift = timedelta(minutes=minutes)
    watch.check()

    assert not stop.is_requested

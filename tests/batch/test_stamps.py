"""The age of a key: by two clocks, of which one may be set and the other may stop."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from klarna_om.batch.calls import SendResult
from klarna_om.batch.journal import Row, Stamp
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import OnExpired
from klarna_om.batch.totals import Totals
from klarna_om.errors import KeyExpired, KlarnaError
from klarna_om.keys import Key
from tests.batch.fake_sender import (
    FakeSender,
    connection_error,
    no_answer_error,
    order_id,
    order_ids,
    response_error,
)
from tests.batch.jobs import START, WORKER, Time, key_of, latest_stamp, lines, load, run, save_stamp

HOUR = 3600.0
DAY = timedelta(days=1)


class WallClock:
    """The time of day: it moves with the monotonic clock, and can be set."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.shift = timedelta()

    def now(self) -> datetime:
        return self._time.now() + self.shift


@pytest.fixture
def wall(time: Time) -> WallClock:
    return WallClock(time)


@pytest.fixture
def make_stamps(journal: SqliteJournal, time: Time, wall: WallClock) -> Callable[[OnExpired], Stamps]:
    """Makes the stamps of a new run."""
    return lambda on_expired: Stamps(journal, worker=WORKER, now=wall.now, clock=time.monotonic, on_expired=on_expired)


@pytest.fixture
def stamps(make_stamps: Callable[[OnExpired], Stamps]) -> Stamps:
    return make_stamps("resend")


async def epoch(stamps: Stamps) -> int | None:
    stamp = await stamps.get(0)
    return None if stamp is None else stamp.epoch


@pytest.mark.parametrize("hours", [-0.75, -5, -48])
async def test_a_clock_set_back_does_not_renew_a_stamp_of_this_run(
    stamps: Stamps, wall: WallClock, hours: float
) -> None:
    await stamps.get(0)

    wall.shift = timedelta(hours=hours)

    assert await epoch(stamps) == 0


async def test_a_clock_set_back_does_not_prolong_a_stamp_of_this_run(
    stamps: Stamps, wall: WallClock, time: Time
) -> None:
    await stamps.get(0)

    wall.shift = -DAY
    time.seconds += 23 * HOUR - 1
    assert await epoch(stamps) == 0
    time.seconds += 1
    assert await epoch(stamps) == 1


async def test_a_machine_that_slept_for_a_day_renews_a_stamp(stamps: Stamps, wall: WallClock) -> None:
    await stamps.get(0)

    wall.shift = timedelta(hours=25)

    assert await epoch(stamps) == 1


async def test_a_renewed_stamp_is_new_by_both_clocks(stamps: Stamps, wall: WallClock, time: Time) -> None:
    await stamps.get(0)
    wall.shift = timedelta(hours=25)
    await stamps.get(0)

    wall.shift = timedelta()
    time.seconds += 23 * HOUR - 1
    assert await epoch(stamps) == 1
    time.seconds += 1
    assert await epoch(stamps) == 2


async def test_an_earlier_runs_stamp_ages_by_the_monotonic_clock(
    journal: SqliteJournal, stamps: Stamps, wall: WallClock, time: Time
) -> None:
    await save_stamp(journal, Stamp(0, 0, START - timedelta(hours=20)))
    assert await epoch(stamps) == 0

    wall.shift = -DAY
    time.seconds += 3 * HOUR - 1
    assert await epoch(stamps) == 0
    time.seconds += 1
    assert await epoch(stamps) == 1


async def test_an_earlier_runs_stamp_from_the_future_is_called_under_its_old_key(
    journal: SqliteJournal, stamps: Stamps, time: Time
) -> None:
    await save_stamp(journal, Stamp(0, 3, START + timedelta(hours=2)))

    assert await epoch(stamps) == 3
    time.seconds += 23 * HOUR - 1
    assert await epoch(stamps) == 3
    time.seconds += 1
    assert await epoch(stamps) == 4


async def test_with_fail_rows_under_a_stamp_from_the_future_are_given_up(
    journal: SqliteJournal, make_stamps: Callable[[OnExpired], Stamps]
) -> None:
    await save_stamp(journal, Stamp(0, 0, START + timedelta(hours=2)))

    assert await epoch(make_stamps("fail")) is None


async def test_a_clock_set_back_during_a_job_acknowledges_nothing_twice(
    journal: SqliteJournal, sender: FakeSender, time: Time, wall: WallClock
) -> None:
    await load(journal, order_ids(500))
    for number in range(1, 501, 7):
        sender.failures[order_id(number)].append(no_answer_error())

    def set_back(number: int) -> None:
        time.seconds += 0.01
        wall.shift = timedelta(hours=-3) if number > 250 else timedelta()

    sender.on_call = set_back
    stopped = await run(journal, sender, time, now=wall.now)
    summary = await run(journal, sender, time, now=wall.now)

    assert "the clock of this machine went back by 3:00:00" in stopped.stopped_by
    assert (summary.totals, summary.stopped_by) == (Totals(done=500), "")
    assert set(sender.executed.values()) == {1}


async def test_a_clock_set_back_between_two_runs_acknowledges_nothing_twice(
    journal: SqliteJournal, sender: FakeSender, time: Time, wall: WallClock
) -> None:
    await load(journal, order_ids(50))
    sender.on_call = lambda number: setattr(
        sender, "always_fail", (lambda: response_error(401)) if number > 20 else no_answer_error
    )
    with pytest.raises(Exception, match="401"):
        await run(journal, sender, time)
    sender.on_call = sender.always_fail = None

    wall.shift = timedelta(hours=-2)
    summary = await run(journal, sender, time, now=wall.now)

    assert summary.totals == Totals(done=50)
    assert set(sender.executed.values()) == {1}
    assert {line.idempotency_key for line in await lines(journal)} == {
        key_of(journal, number, 0) for number in range(1, 51)
    }


async def test_a_call_whose_key_has_just_expired_is_made_under_a_new_key(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].append(KeyExpired("too old"))
    sender.on_call = lambda _: setattr(time, "seconds", 23 * HOUR)

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=1)
    assert sender.keys_for(order_id(1)) == [key_of(journal, 1, epoch) for epoch in (0, 1)]


async def test_a_key_is_given_with_its_age_so_that_no_retry_outlives_it(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))

    await run(journal, sender, time)

    (key,) = sender.keys_for(order_id(1))
    assert isinstance(key, Key)
    assert key.first_used == START.timestamp()


async def test_a_stamp_is_removed_when_nothing_was_sent_under_it(stamps: Stamps, journal: SqliteJournal) -> None:
    stamp = await stamps.get(0)
    assert stamp is not None
    stamps.begin_call(stamp)
    stamps.end_unsent_call(stamp)
    await stamps.get(1)

    await stamps.remove_unused()

    assert [await latest_stamp(journal, window) for window in (0, 1)] == [None, None]
    assert await stamps.get(0) == stamp


async def test_a_stamp_stays_when_one_call_under_it_may_have_been_sent(stamps: Stamps, journal: SqliteJournal) -> None:
    stamp = await stamps.get(0)
    assert stamp is not None
    stamps.begin_call(stamp)
    stamps.begin_call(stamp)
    stamps.end_unsent_call(stamp)

    await stamps.remove_unused()

    assert await latest_stamp(journal, 0) is not None


async def test_a_stamp_of_an_earlier_run_stays(
    make_stamps: Callable[[OnExpired], Stamps], journal: SqliteJournal
) -> None:
    await make_stamps("resend").get(0)
    stamps = make_stamps("resend")
    stamp = await stamps.get(0)
    assert stamp is not None
    stamps.begin_call(stamp)
    stamps.end_unsent_call(stamp)

    await stamps.remove_unused()

    assert await latest_stamp(journal, 0) is not None


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        (connection_error, False),
        (lambda: response_error(401), True),
        (lambda: response_error(404), True),
        (no_answer_error, True),
    ],
    ids=["no-connection", "401", "404", "no-answer"],
)
async def test_a_run_leaves_a_stamp_only_where_something_may_have_been_sent(
    journal: SqliteJournal, sender: FakeSender, error: Callable[[], KlarnaError], is_kept: bool
) -> None:
    await load(journal, order_ids(60))
    sender.always_fail = error

    with contextlib.suppress(KlarnaError):
        await run(journal, sender)

    assert (await latest_stamp(journal, 0) is not None) is is_kept


async def test_a_cancelled_call_leaves_its_stamp(journal: SqliteJournal) -> None:
    await load(journal, order_ids(1))
    has_begun = asyncio.Event()

    async def hang(row: Row, key: Key) -> SendResult:
        has_begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(run(journal, hang))
    await has_begun.wait()
    task.cancel()
    await asyncio.wait((task,))

    assert await latest_stamp(journal, 0) is not None


async def test_after_a_run_without_a_connection_a_refusal_is_final(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(3))
    sender.always_fail = connection_error
    with pytest.raises(KlarnaError):
        await run(journal, sender)

    sender.always_fail = lambda: response_error(403)

    assert (await run(journal, sender)).totals == Totals(refused=3)

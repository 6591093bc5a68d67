"""The age of a key: by two clocks, of which one may be set and the other may stop."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from klarna_om.batch.journal import Stamp
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.stamps import Stamps
from klarna_om.batch.states import OnExpired
from klarna_om.batch.totals import Totals
from klarna_om.errors import KeyExpired
from klarna_om.keys import Key
from tests.batch.fake_sender import FakeSender, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import START, Time, lines, load, run

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
    return lambda on_expired: Stamps(journal, now=wall.now, clock=time.monotonic, on_expired=on_expired)


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
    await journal.save_stamp(Stamp(0, 0, START - timedelta(hours=20)))
    assert await epoch(stamps) == 0

    wall.shift = -DAY
    time.seconds += 3 * HOUR - 1
    assert await epoch(stamps) == 0
    time.seconds += 1
    assert await epoch(stamps) == 1


async def test_an_earlier_runs_stamp_from_the_future_is_called_under_its_old_key(
    journal: SqliteJournal, stamps: Stamps, time: Time
) -> None:
    await journal.save_stamp(Stamp(0, 3, START + timedelta(hours=2)))

    assert await epoch(stamps) == 3
    time.seconds += 23 * HOUR - 1
    assert await epoch(stamps) == 3
    time.seconds += 1
    assert await epoch(stamps) == 4


async def test_with_fail_rows_under_a_stamp_from_the_future_are_given_up(
    journal: SqliteJournal, make_stamps: Callable[[OnExpired], Stamps]
) -> None:
    await journal.save_stamp(Stamp(0, 0, START + timedelta(hours=2)))

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
    summary = await run(journal, sender, time, now=wall.now)

    assert summary.totals == Totals(done=500)
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
        journal.identity.key(order_id(number), number, 0) for number in range(1, 51)
    }


async def test_a_call_whose_key_has_just_expired_is_made_under_a_new_key(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].append(KeyExpired("too old"))
    sender.on_call = lambda _: setattr(time, "seconds", 23 * HOUR)

    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=1)
    assert sender.keys_for(order_id(1)) == [journal.identity.key(order_id(1), 1, epoch) for epoch in (0, 1)]


async def test_a_key_is_given_with_its_age_so_that_no_retry_outlives_it(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(1))

    await run(journal, sender, time)

    (key,) = sender.keys_for(order_id(1))
    assert isinstance(key, Key)
    assert key.first_used == START.timestamp()

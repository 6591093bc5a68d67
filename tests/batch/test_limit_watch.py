"""The limit over time is recorded by the run, whenever it changes."""

from attrs import define, field

from klarna_om import KlarnaClient
from klarna_om.batch.job import Job
from klarna_om.batch.job import run as run_job
from klarna_om.batch.job_facts import Limit
from klarna_om.batch.journal import Journal
from klarna_om.batch.limit_watch import LimitWatch, read_pace_of
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.pace.pacing import PaceSnapshot
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import FakeSender, order_ids
from tests.batch.jobs import START, Time, load, run


@define
class Pace:
    """The pace that a test sets."""

    rate: float
    ceiling: float
    reads: int = field(default=0)

    def read(self) -> PaceSnapshot:
        self.reads += 1
        return PaceSnapshot(self.rate, self.ceiling, 0.0, 0, 0)


async def limits(journal: Journal) -> list[tuple[float, float]]:
    return [(limit.ceiling, limit.rate) for limit in (await journal.facts(1, 1)).limits]


async def observe(watch: LimitWatch, time: Time, pace: Pace, *rates: tuple[float, float]) -> None:
    for pace.ceiling, pace.rate in rates:
        time.seconds += 1.0
        await watch.observe()


async def test_a_limit_is_recorded_when_it_is_another_one(journal: SqliteJournal, time: Time) -> None:
    pace = Pace(0, 0)
    watch = LimitWatch(journal, pace.read, time.now, time.monotonic)

    await observe(watch, time, pace, (190, 190), (190, 190), (47.5, 47.5), (47.5, 47.5))

    assert await limits(journal) == [(190, 190), (47.5, 47.5)]
    assert (await journal.facts(1, 1)).limits[0] == Limit(START.replace(second=1), 190, 190)


async def test_a_slowdown_is_recorded_and_its_way_back_in_steps(journal: SqliteJournal, time: Time) -> None:
    pace = Pace(0, 0)
    watch = LimitWatch(journal, pace.read, time.now, time.monotonic)

    await observe(watch, time, pace, (100, 100), (100, 85), (100, 86), (100, 89.9), (100, 90), (100, 99), (100, 100))

    assert await limits(journal) == [(100, 100), (100, 85), (100, 90), (100, 99), (100, 100)]


async def test_the_pace_is_read_once_a_second_at_most(journal: SqliteJournal, time: Time) -> None:
    pace = Pace(190, 190)
    watch = LimitWatch(journal, pace.read, time.now, time.monotonic)

    for time.seconds in (0.0, 0.3, 0.99, 1.0, 1.5):
        await watch.observe()

    assert pace.reads == 2


async def test_without_a_pace_nothing_is_recorded(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(3))
    await run(journal, sender)

    assert await limits(journal) == []


async def test_a_run_records_the_limit_that_its_answers_report() -> None:
    async with (
        Sandbox(orders=3, limit=40) as sandbox,
        KlarnaClient(sandbox.url, username="sandbox", password="sandbox") as klarna,
        SqliteJournal.open(None) as journal,
    ):
        await run_job(klarna, Job("orders.acknowledge", sandbox.order_ids, journal=journal))

        assert [ceiling for ceiling, _ in await limits(journal)] == [0.95 * 40]


async def test_a_client_without_a_pace_has_none_to_read() -> None:
    async with KlarnaClient("eu-playground", username="user", password="secret", pace="off") as klarna:
        assert read_pace_of(klarna)() is None

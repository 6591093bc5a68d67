"""The database is away for a moment, for too long, or never answers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from klarna_om.batch.journal import JournalError, RowResult
from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.postgres import database as database_module
from klarna_om.batch.postgres.leases import Leases
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import FakeSender, order_ids
from tests.batch.jobs import START, Time, load
from tests.batch.jobs import run as run_job
from tests.support.postgres import PostgresServer, database_with_journals


@pytest.fixture
def crashing(crashing_server: PostgresServer) -> Iterator[str]:
    """A database on a server that may be stopped."""
    with database_with_journals(crashing_server.dsn) as dsn:
        yield dsn


async def test_a_job_survives_a_restart_of_the_database(
    crashing: str, crashing_server: PostgresServer, sender: FakeSender
) -> None:
    async with PostgresJournal.open(crashing) as journal:
        await load(journal, order_ids(300))
        restarts: list[asyncio.Task[None]] = []

        async def restart() -> None:
            await asyncio.to_thread(crashing_server.stop)
            await asyncio.to_thread(crashing_server.start)

        def begin_restart(number: int) -> None:
            if number == 50:
                restarts.append(asyncio.create_task(restart()))

        sender.on_call = begin_restart

        summary = await run_job(journal, sender)
        await restarts[0]

    assert summary.totals == Totals(done=300)
    assert len(sender.calls) == 300


class Server:
    """A database that is away as often as a test says."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures
        self.calls = 0

    async def work(self, connection: object) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "worked"


@asynccontextmanager
async def database_at(dsn: str, time: Time) -> AsyncIterator[Database]:
    async with AsyncConnectionPool[database_module.Connection](dsn, min_size=1, open=False) as pool:
        yield Database(pool, sleep=time.sleep, clock=time.monotonic)


async def test_work_waits_for_a_database_that_comes_back(journals: str, time: Time) -> None:
    server = Server([psycopg.OperationalError("away") for _ in range(5)])
    async with database_at(journals, time) as database:
        assert await database.run(server.work) == "worked"

    assert time.slept == [0.05, 0.1, 0.2, 0.4, 0.8]


async def test_after_15_seconds_it_is_an_error_and_the_next_work_is_tried_again(journals: str, time: Time) -> None:
    server = Server([psycopg.OperationalError("the server closed the connection") for _ in range(100)])
    async with database_at(journals, time) as database:
        with pytest.raises(JournalError, match=r"cannot be used \(OperationalError: the server closed.*run the same"):
            await database.run(server.work)
        assert 14 < time.seconds <= 15

        server.failures.clear()
        assert await database.run(server.work) == "worked"


async def test_what_waiting_does_not_cure_is_an_error_at_once(journals: str, time: Time) -> None:
    async with database_at(journals, time) as database:
        for run in (database.run, database.run_long):
            with pytest.raises(JournalError, match="UndefinedTable"):
                await run(lambda connection: connection.execute("select from klarna_om.nothing"))

    assert time.slept == []


async def test_a_connection_whose_other_end_is_gone_is_given_up(
    journals: str, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "ATTEMPT_TIMEOUT", 0.05)
    stuck = [True]

    async def work(connection: database_module.Connection) -> str:
        if stuck.pop():
            stuck.append(False)
            await connection.execute("select pg_sleep(30)")
        return "worked"

    async with database_at(journals, time) as database:
        assert await database.run(work) == "worked"


async def test_a_manifest_is_loaded_also_where_the_tables_cannot_be_analyzed(
    journals: str, job_id: UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("klarna_om.batch.postgres.journal.ANALYZE", "analyze klarna_om.nothing")
    async with PostgresJournal.open(journals, job_id) as journal:
        await load(journal, order_ids(2))

        assert await journal.counts() == Totals(pending=2)
    assert "could not be analyzed" in caplog.text


async def test_who_waits_for_a_record_that_fails_gets_the_error_and_the_next_works(
    journals: str, job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PostgresJournal.open(journals, job_id) as journal:
        await load(journal, order_ids(2))
        run, failures = journal._database.run, [JournalError("away")]

        async def fail_once(work: object) -> object:
            if failures:
                raise failures.pop()
            return await run(work)  # type: ignore[arg-type]

        monkeypatch.setattr(journal._database, "run", fail_once)

        both = [journal.record(RowResult(row, State.DONE)) for row in (1, 2)]
        assert [str(error) for error in await asyncio.gather(*both, return_exceptions=True)] == ["away", "away"]

        await journal.record(RowResult(1, State.DONE))
        assert await journal.counts() == Totals(done=1, pending=1)


async def test_a_record_that_is_interrupted_is_no_success(
    journals: str, job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PostgresJournal.open(journals, job_id) as journal:
        await load(journal, order_ids(1))

        async def interrupt(work: object) -> object:
            raise asyncio.CancelledError

        with monkeypatch.context() as patch:
            patch.setattr(journal._database, "run", interrupt)
            with pytest.raises(asyncio.CancelledError):
                await journal.record(RowResult(1, State.DONE))
        assert await journal.counts() == Totals(pending=1)


async def test_a_dsn_that_is_none_is_named_without_its_password() -> None:
    with pytest.raises(JournalError, match="the DSN cannot be read: it is postgresql://") as caught:
        async with PostgresJournal.open("password=secret and so on"):
            pass
    assert "secret" not in str(caught.value)


async def test_a_server_that_is_not_there_is_named_at_once() -> None:
    with pytest.raises(JournalError, match="connection"):
        async with PostgresJournal.open("host=127.0.0.1 port=9 user=nobody"):
            pass


def test_a_dsn_keeps_what_it_says_itself() -> None:
    settings = database_module.make_conninfo("host=db connect_timeout=60")

    assert make_conninfo(settings, application_name="x").count("connect_timeout=60") == 1
    assert "tcp_user_timeout=15000" in settings


async def test_leases_are_renewed_in_time_whatever_the_database_does(
    journals: str, job_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    ticks: asyncio.Queue[None] = asyncio.Queue()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await ticks.get()

    now = [0.0]
    async with PostgresJournal.open(journals, job_id) as journal, Database.connect(journals) as database:
        await journal.claim(0, START, uuid4(), 20.0)
        worker = journal.claims.leases.worker_of(0)
        assert worker is not None
        leases = Leases(job_id, database, clock=lambda: now[0], sleep=sleep)
        leases.note(0, worker, 20.0, 0.0)
        async with leases.keep():
            now[0] = 19.0
            ticks.put_nowait(None)
            while len(slept) < 2:
                await asyncio.sleep(0.001)
            now[0] = 38.0
            assert leases.holds(0)
            with psycopg.connect(journals, autocommit=True) as connection:
                connection.execute("alter table klarna_om.chunks rename to away")
                ticks.put_nowait(None)
                while len(slept) < 3:
                    await asyncio.sleep(0.001)
                with caplog.at_level(logging.WARNING):
                    await leases.release([0])
                connection.execute("alter table klarna_om.away rename to chunks")

    assert slept == [5.0] * 3
    assert "leases could not be renewed" in caplog.text
    assert "leases end by themselves" in caplog.text


async def test_a_lease_that_is_released_while_it_is_renewed_stays_released(
    journals: str, job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PostgresJournal.open(journals, job_id) as journal:
        await journal.claim(0, START, uuid4(), 20.0)
        run, leases = journal._database.run, journal.claims.leases

        async def release_first(work: object) -> object:
            monkeypatch.undo()
            await leases.release([0])
            return await run(work)  # type: ignore[arg-type]

        monkeypatch.setattr(journal._database, "run", release_first)
        await leases.renew()

    assert not leases.holds(0)


async def test_a_job_whose_database_is_away_for_too_long_ends_and_goes_on_later(
    crashing: str, crashing_server: PostgresServer, sender: FakeSender
) -> None:
    async with PostgresJournal.open(crashing) as journal:
        await load(journal, order_ids(50))
        journal._database._patience = 0.0
        await asyncio.to_thread(crashing_server.stop)
        try:
            with pytest.raises(JournalError, match="nothing more is sent"):
                await run_job(journal, sender)
        finally:
            await asyncio.to_thread(crashing_server.start)
        journal._database._patience = 15.0

        assert (await run_job(journal, sender)).totals == Totals(done=50)

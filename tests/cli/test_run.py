"""A job on a terminal: signals, result, report."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from klarna_om.batch.calls import Sender, SendResult
from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import JournalError, JournalMismatchError, Line, Row, RowResult
from klarna_om.batch.report import ReportError
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from klarna_om.cli.run import CliRun
from klarna_om.errors import Unauthorized
from klarna_om.keys import Key
from tests.batch.fake_sender import FakeSender, order_ids, response_error
from tests.batch.jobs import load, make_job

MakeRun = Callable[[Sender], CliRun]


def ids(order_ids: list[str]) -> AsyncIterator[list[Entry]]:
    return read_rows(order_ids, RowParser("orders.acknowledge"))


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv.journal"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    async with SqliteJournal.open(path) as opened:
        yield opened


@pytest.fixture
def make_run(journal: SqliteJournal, tmp_path: Path) -> MakeRun:
    return lambda sender: CliRun(make_job(journal, sender), tmp_path / "report.csv")


def send_signal(number: int) -> None:
    os.kill(os.getpid(), number)


async def test_a_job_ends_with_its_totals_and_a_report(make_run: MakeRun, sender: FakeSender, tmp_path: Path) -> None:
    result = await make_run(sender).run(ids(order_ids(10)))

    assert (result.totals, result.summary.settled_now, result.is_cancelled, result.error) == (
        Totals(done=10),
        10,
        False,
        None,
    )
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 11


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_signal_lets_calls_in_progress_end(
    make_run: MakeRun, sender: FakeSender, tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    sender.on_call = lambda count: send_signal(number) if count == 5 else None

    result = await make_run(sender).run(ids(order_ids(100)))

    assert "Ending the calls in progress" in capsys.readouterr().err
    assert result.totals.unknown == 0
    assert result.totals.done == len(sender.calls) < 20
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 101
    assert signal.getsignal(number) is before


async def test_the_second_signal_ends_the_job_at_once(make_run: MakeRun, tmp_path: Path) -> None:
    async def hang(row: Row, key: Key) -> SendResult:
        send_signal(signal.SIGINT)
        await asyncio.Event().wait()
        raise AssertionError

    result = await make_run(hang).run(ids(order_ids(100)))

    assert result.is_cancelled
    assert 1 <= result.totals.unknown <= 4
    assert (tmp_path / "report.csv").exists()


async def test_a_terminal_that_goes_away_does_not_end_the_job_at_once(make_run: MakeRun, sender: FakeSender) -> None:
    def hang_up(count: int) -> None:
        for number in [signal.SIGHUP] * 3 if count == 5 else []:
            send_signal(number)

    sender.on_call = hang_up

    result = await make_run(sender).run(ids(order_ids(100)))

    assert not result.is_cancelled
    assert result.summary.stopped_by == "SIGHUP was received"
    assert (result.totals.unknown, result.totals.done) == (0, len(sender.calls))


async def test_a_signal_that_is_ignored_stays_so_as_under_nohup(make_run: MakeRun, sender: FakeSender) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        sender.on_call = lambda count: send_signal(signal.SIGHUP) if count == 5 else None
        result = await make_run(sender).run(ids(order_ids(100)))
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (result.totals, result.summary.stopped_by) == (Totals(done=100), "")


async def test_the_result_has_the_error_and_the_totals(make_run: MakeRun, sender: FakeSender) -> None:
    sender.on_call = lambda count: setattr(sender, "always_fail", (lambda: response_error(401)) if count > 5 else None)

    result = await make_run(sender).run(ids(order_ids(100)))

    assert isinstance(result.error, Unauthorized)
    assert result.totals.orders == 100
    assert result.totals.pending > 90


async def test_a_journal_that_breaks_is_reported(
    make_run: MakeRun, sender: FakeSender, path: Path, tmp_path: Path
) -> None:
    def fill_the_disk(count: int) -> None:
        if count == 20:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(
                    "CREATE TRIGGER full BEFORE UPDATE ON rows BEGIN SELECT raise(ABORT, 'disk is full'); END"
                )

    sender.on_call = fill_the_disk

    result = await make_run(sender).run(ids(order_ids(100)))

    assert isinstance(result.error, JournalError)
    assert 10 < result.totals.done < 40
    assert not (tmp_path / "report.csv").exists()


async def test_a_report_that_cannot_be_written_is_an_error_in_the_result(
    make_run: MakeRun, sender: FakeSender, tmp_path: Path
) -> None:
    (tmp_path / "report.csv").mkdir()

    result = await make_run(sender).run(ids(order_ids(10)))

    assert isinstance(result.error, ReportError)
    assert "run the same command again" in str(result.error)
    assert result.totals == Totals(done=10)


def do_during_report(journal: SqliteJournal, during: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something while the report is written."""
    report = journal.report_lines

    async def interrupted(after: int, limit: int) -> list[Line]:
        during()
        await asyncio.sleep(0.01)
        return await report(after, limit)

    monkeypatch.setattr(journal, "report_lines", interrupted)


async def test_the_first_signal_lets_the_report_be_completed(
    make_run: MakeRun, sender: FakeSender, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signals = iter([signal.SIGTERM])
    do_during_report(journal, lambda: list(map(send_signal, signals)), monkeypatch)

    result = await make_run(sender).run(ids(order_ids(10)))

    assert (result.error, result.totals) == (None, Totals(done=10))
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 11


async def test_the_second_signal_cancels_the_report(
    make_run: MakeRun, sender: FakeSender, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    do_during_report(journal, lambda: list(map(send_signal, (signal.SIGINT, signal.SIGTERM))), monkeypatch)

    result = await make_run(sender).run(ids(order_ids(10)))

    assert isinstance(result.error, ReportError)
    assert "the same command writes it" in str(result.error)
    assert (result.totals, result.has_report) == (Totals(done=10), False)
    assert list(tmp_path.glob("*.csv")) == list(tmp_path.glob(".klarna-om*")) == []
    assert signal.getsignal(signal.SIGTERM) is before


async def test_a_journal_that_is_removed_ends_the_job(make_run: MakeRun, sender: FakeSender, path: Path) -> None:
    sender.on_call = lambda count: path.unlink() if count == 20 else None

    result = await make_run(sender).run(ids(order_ids(100)))

    assert isinstance(result.error, JournalError)
    assert "was removed while the job was running" in str(result.error)
    assert not result.has_report
    assert result.totals.done < len(sender.calls) <= 30


async def test_a_journal_that_is_removed_before_the_report_is_noticed(
    make_run: MakeRun,
    sender: FakeSender,
    journal: SqliteJournal,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    do_during_report(journal, lambda: path.unlink(missing_ok=True), monkeypatch)

    result = await make_run(sender).run(ids(order_ids(10)))

    assert isinstance(result.error, JournalError)
    assert result.totals == Totals(done=10)
    assert list(path.parent.glob("report.csv")) == []


async def test_a_bug_is_raised(make_run: MakeRun) -> None:
    async def broken(row: Row, key: Key) -> SendResult:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await make_run(broken).run(ids(order_ids(1)))


async def test_a_journal_of_another_host_is_raised_before_anything_is_sent(
    make_run: MakeRun, sender: FakeSender, journal: SqliteJournal, tmp_path: Path
) -> None:
    await load(journal, order_ids(1))
    await journal.bind("https://another.example")
    await journal.record(RowResult(1, State.DONE))

    with pytest.raises(JournalMismatchError):
        await make_run(sender).run(ids(order_ids(1)))

    assert sender.calls == []
    assert not (tmp_path / "report.csv").exists()

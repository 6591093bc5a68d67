"""A job that somebody watches: signals, display, report."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from klarna_om.batch.attended import Attended
from klarna_om.batch.calls import Send, Sent
from klarna_om.batch.entry import of_order_ids
from klarna_om.batch.journal import JournalError, Line
from klarna_om.batch.report import ReportError
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.totals import Totals
from klarna_om.errors import Unauthorized
from tests.batch.desk import Desk, answered, order_ids

MakeAttended = Callable[..., Attended]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def attended(journal: SqliteJournal, tmp_path: Path, told: list[str]) -> MakeAttended:
    def make(send: Send, **options: Any) -> Attended:
        return Attended(
            journal=journal,
            send=send,
            report=tmp_path / "report.csv",
            in_flight=4,
            on_expired="resend",
            shown=lambda: nullcontext(lambda _: None),
            on_stopping=lambda: told.append("stopping"),
            **options,
        )

    return make


def hear(number: int) -> None:
    os.kill(os.getpid(), number)


async def test_a_job_ends_with_its_totals_and_a_report(attended: MakeAttended, desk: Desk, tmp_path: Path) -> None:
    ended = await attended(desk).run(of_order_ids(order_ids(10)))
    assert (ended.totals, ended.settled_now, ended.is_cut, ended.error) == (Totals(done=10), 10, False, None)
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 11


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_signal_lets_what_is_under_way_end(
    attended: MakeAttended, desk: Desk, told: list[str], tmp_path: Path, number: int
) -> None:
    before = signal.getsignal(number)
    desk.on_call = lambda count: hear(number) if count == 5 else None
    ended = await attended(desk).run(of_order_ids(order_ids(100)))
    assert told == ["stopping"]
    assert ended.totals.unknown == 0
    assert ended.totals.done == len(desk.calls) < 20
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 101
    assert signal.getsignal(number) is before


async def test_the_second_signal_ends_the_job_at_once(attended: MakeAttended, tmp_path: Path) -> None:
    async def hang(order_id: str, key: str) -> Sent:
        hear(signal.SIGINT)
        await asyncio.Event().wait()
        raise AssertionError

    ended = await attended(hang).run(of_order_ids(order_ids(100)))
    assert ended.is_cut
    assert 1 <= ended.totals.unknown <= 4
    assert (tmp_path / "report.csv").exists()


async def test_what_ended_the_job_is_told_with_what_is_known(attended: MakeAttended, desk: Desk) -> None:
    desk.on_call = lambda count: setattr(desk, "always", (lambda: answered(401)) if count > 5 else None)
    ended = await attended(desk).run(of_order_ids(order_ids(100)))
    assert isinstance(ended.error, Unauthorized)
    assert ended.totals.orders == 100
    assert ended.totals.pending > 90


async def test_a_journal_that_breaks_is_told(attended: MakeAttended, desk: Desk, path: Path, tmp_path: Path) -> None:
    def fill_the_disk(count: int) -> None:
        if count == 20:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(
                    "CREATE TRIGGER full BEFORE UPDATE ON rows BEGIN SELECT raise(ABORT, 'disk is full'); END"
                )

    desk.on_call = fill_the_disk
    ended = await attended(desk).run(of_order_ids(order_ids(100)))
    assert isinstance(ended.error, JournalError)
    assert 10 < ended.totals.done < 40
    assert not (tmp_path / "report.csv").exists()


async def test_a_report_that_cannot_be_written_is_told_and_the_journal_has_it_all(
    attended: MakeAttended, desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "report.csv").mkdir()
    ended = await attended(desk).run(of_order_ids(order_ids(10)))
    assert isinstance(ended.error, ReportError)
    assert "run the same command again" in str(ended.error)
    assert ended.totals == Totals(done=10)


def reporting(journal: SqliteJournal, during: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """While the report is written, this happens."""
    report = journal.report

    async def interrupted(after: int, limit: int) -> list[Line]:
        during()
        await asyncio.sleep(0.01)
        return await report(after, limit)

    monkeypatch.setattr(journal, "report", interrupted)


async def test_the_first_signal_lets_the_report_be_completed(
    attended: MakeAttended, desk: Desk, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signals = iter([signal.SIGTERM])
    reporting(journal, lambda: list(map(hear, signals)), monkeypatch)

    ended = await attended(desk).run(of_order_ids(order_ids(10)))

    assert (ended.error, ended.totals) == (None, Totals(done=10))
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 11


async def test_the_second_signal_gives_the_report_up(
    attended: MakeAttended, desk: Desk, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    reporting(journal, lambda: list(map(hear, (signal.SIGINT, signal.SIGTERM))), monkeypatch)

    ended = await attended(desk).run(of_order_ids(order_ids(10)))

    assert isinstance(ended.error, ReportError)
    assert "the same command writes it" in str(ended.error)
    assert (ended.totals, ended.has_report) == (Totals(done=10), False)
    assert list(tmp_path.glob("*.csv")) == list(tmp_path.glob(".klarna-om*")) == []
    assert signal.getsignal(signal.SIGTERM) is before


async def test_a_journal_that_is_taken_away_ends_the_job(attended: MakeAttended, desk: Desk, path: Path) -> None:
    desk.on_call = lambda count: path.unlink() if count == 20 else None

    ended = await attended(desk).run(of_order_ids(order_ids(100)))

    assert isinstance(ended.error, JournalError)
    assert "was taken away while the job was running" in str(ended.error)
    assert not ended.has_report
    assert ended.totals.done < len(desk.calls) <= 30


async def test_a_journal_that_is_taken_away_before_the_report_is_noticed(
    attended: MakeAttended,
    desk: Desk,
    journal: SqliteJournal,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    reporting(journal, lambda: path.unlink(missing_ok=True), monkeypatch)

    ended = await attended(desk).run(of_order_ids(order_ids(10)))

    assert isinstance(ended.error, JournalError)
    assert ended.totals == Totals(done=10)
    assert list(path.parent.glob("report.csv")) == []


async def test_a_bug_is_raised(attended: MakeAttended) -> None:
    async def broken(order_id: str, key: str) -> Sent:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await attended(broken).run(of_order_ids(order_ids(1)))

"""A journal that is not complete is named before anything is sent, and never replaced by a new job."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from klarna_om.batch.journal import WINDOW, JournalError, RowResult, Stamp
from klarna_om.batch.journal_checks import check_content
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import order_ids
from tests.batch.jobs import START, load, save_stamp
from tests.batch.test_journal import execute_outside


@pytest.fixture
async def old_journal(path: Path) -> Path:
    """The journal of a job that was begun."""
    async with SqliteJournal.open(path) as journal:
        await load(journal, order_ids(2 * WINDOW))
        await save_stamp(journal, Stamp(0, 0, START))
        for row in range(1, 10):
            await journal.record(RowResult(row, State.DONE))
    return path


async def refusal_of(path: Path) -> str:
    """Why a journal is not opened; it is not changed, and a dry run gives the same reason."""
    before = path.read_bytes()
    messages: list[str] = []
    for opening in (SqliteJournal.open, SqliteJournal.open_copy):
        with pytest.raises(JournalError) as caught:
            async with opening(path):
                pass
        messages.append(str(caught.value))
    assert path.read_bytes() == before
    assert messages[0] == messages[1]
    return messages[0]


async def test_an_empty_file_is_not_taken_for_a_new_job(path: Path) -> None:
    path.touch()

    assert "is empty, after a crash or a failed copy" in await refusal_of(path)


@pytest.mark.parametrize("content", [b"x", b"SQLite", b"order_id\n" * 1000])
async def test_a_file_of_another_kind_is_named(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert "is not a journal of klarna_om; name another file" in await refusal_of(path)


@pytest.mark.parametrize("left", [16, 100, 4096, 20_000, -4096])
async def test_a_truncated_journal_is_named(old_journal: Path, left: int) -> None:
    os.truncate(old_journal, left % old_journal.stat().st_size)

    assert "is damaged (" in await refusal_of(old_journal)


@pytest.mark.parametrize(
    ("statement", "damage"),
    [
        ("UPDATE rows SET state = 'dnoe' WHERE row = 7", "row 7 has the state 'dnoe', which does not exist"),
        ("DELETE FROM job", "it should belong to one job, and belongs to 0"),
        ("INSERT INTO job SELECT * FROM job", "it should belong to one job, and belongs to 2"),
        ("UPDATE job SET target = 'http://host:port'", "'http://host:port' cannot be read"),
        ("UPDATE windows SET first_used_at = 'yesterday'", "'yesterday' cannot be read"),
        ("UPDATE windows SET first_used_at = '2026-11-23'", "the time '2026-11-23' has no zone"),
        ("DROP TABLE windows", "the column windows.epoch is missing"),
        ("ALTER TABLE rows DROP COLUMN attempts", "the column rows.attempts is missing"),
    ],
)
async def test_a_journal_whose_content_was_changed_is_named(old_journal: Path, statement: str, damage: str) -> None:
    execute_outside(old_journal, statement)

    assert f"is damaged ({damage}), so nothing is sent" in await refusal_of(old_journal)


async def test_a_damaged_page_is_named(old_journal: Path) -> None:
    content = bytearray(old_journal.read_bytes())
    content[3 * 4096 : 3 * 4096 + 200] = os.urandom(200)
    old_journal.write_bytes(content)

    assert "is damaged (" in await refusal_of(old_journal)


async def test_a_journal_locked_by_another_program_is_not_called_damaged(old_journal: Path) -> None:
    with (
        closing(sqlite3.connect(old_journal)) as other,
        closing(sqlite3.connect(old_journal, timeout=0)) as connection,
    ):
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            check_content(connection, old_journal)


async def test_no_new_job_begins_beside_the_rest_of_an_old_one(journal: SqliteJournal, path: Path) -> None:
    await load(journal, order_ids(3))
    other = path.with_name("other.journal")
    shutil.copy(f"{path}-wal", f"{other}-wal")

    with pytest.raises(JournalError, match=r"other\.journal is missing, and .*-wal, which is a part of it"):
        async with SqliteJournal.open(other):
            pass

    assert not other.exists()


async def test_a_new_journal_is_complete_from_its_first_moment(path: Path) -> None:
    async with SqliteJournal.open(path):
        with closing(sqlite3.connect(path.rename(path.with_name("moved")))) as seen:
            assert seen.execute("SELECT operation FROM job").fetchall() == [("orders.acknowledge",)]

        assert sorted(each.name for each in path.parent.iterdir() if each.name.startswith(".")) == []

        path.with_name("moved").rename(path)


def make_directory(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_device(path: Path) -> None:
    path.symlink_to("/dev/null")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (make_directory, "a directory"),
        (make_pipe, "a pipe"),
        (link_to_device, "a device"),
        (link_to_itself, "a symbolic link"),
    ],
)
async def test_only_a_regular_file_can_be_a_journal(path: Path, make: Callable[[Path], None], kind: str) -> None:
    make(path)

    for opening in (SqliteJournal.open, SqliteJournal.open_copy):
        with pytest.raises(JournalError, match=f"the journal cannot be written: .* is {kind}"):
            async with opening(path):
                pass

    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_a_journal_may_be_opened_through_a_link(old_journal: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(old_journal)

    async with SqliteJournal.open(tmp_path / "link") as journal:
        assert await journal.counts() == Totals(done=9, pending=2 * WINDOW - 9)


@pytest.mark.parametrize("part", ["", "-wal"])
async def test_a_journal_that_is_deleted_while_it_is_used_records_nothing_more(
    journal: SqliteJournal, path: Path, part: str
) -> None:
    await load(journal, order_ids(2))
    Path(f"{path}{part}").unlink()

    with pytest.raises(JournalError, match=rf"{part} was removed while the job was running \(No such file"):
        await journal.record(RowResult(1, State.DONE))
    with pytest.raises(JournalError, match="was removed"):
        await journal.counts()


async def test_a_journal_that_is_truncated_while_it_is_used_is_noticed(journal: SqliteJournal, path: Path) -> None:
    await load(journal, order_ids(2))
    os.truncate(path, 0)

    with pytest.raises(JournalError, match="it was truncated"):
        await journal.record(RowResult(1, State.DONE))


async def test_a_journal_that_is_replaced_while_it_is_used_is_noticed(journal: SqliteJournal, path: Path) -> None:
    await load(journal, order_ids(2))
    shutil.copy(path, f"{path}.copy")
    Path(f"{path}.copy").rename(path)

    with pytest.raises(JournalError, match="another file is in its place"):
        await journal.counts()

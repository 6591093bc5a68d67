"""The page is written in one step, or not at all."""

import sys
from pathlib import Path

import pytest

from klarna_om.batch import write_page
from klarna_om.batch.page.libraries import NEEDED
from klarna_om.batch.sqlite_journal import SqliteJournal
from tests.batch.page.jobs import NOW, fill


async def test_a_page_is_written_and_replaced(captures: SqliteJournal, tmp_path: Path) -> None:
    await write_page(captures, tmp_path / "report.html")
    await fill(captures)

    await write_page(captures, str(tmp_path / "report.html"), now=lambda: NOW)

    assert "20 of 27 rows are done" in (tmp_path / "report.html").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


async def test_only_a_regular_file_is_written(captures: SqliteJournal, tmp_path: Path) -> None:
    (tmp_path / "link.html").symlink_to("elsewhere.html")

    with pytest.raises(OSError, match="is a symbolic link"):
        await write_page(captures, tmp_path / "link.html")

    assert not (tmp_path / "elsewhere.html").exists()


async def test_a_page_that_cannot_be_completed_leaves_nothing_and_the_old_one(
    captures: SqliteJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.html"
    target.write_text("the old one")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        await write_page(captures, target)

    assert target.read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("name", NEEDED)
async def test_without_a_library_the_error_names_the_extra(
    captures: SqliteJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'klarna-om\[report\]'"):
        await write_page(captures, tmp_path / "report.html")

    assert list(tmp_path.iterdir()) == []

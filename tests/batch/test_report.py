"""The report accounts for every line."""

import csv
import json
from pathlib import Path

import pytest

from klarna_om.batch.journal import Line, RowResult
from klarna_om.batch.report import PAGE, write_report
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_id, order_ids
from tests.batch.jobs import START, load


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def test_every_line_is_there_once(journal: SqliteJournal, tmp_path: Path) -> None:
    await load(journal, [order_id(1), "", "x", order_id(1), order_id(2)])
    await journal.record(
        RowResult(
            row=1,
            state=State.DONE,
            status=204,
            correlation_id="correlation",
            idempotency_key="key",
            attempts=1,
            started=START,
            finished=START,
        )
    )
    await write_report(journal, tmp_path / "report.csv")

    rows = read(tmp_path / "report.csv")

    assert [(row["line"], row["order_id"], row["outcome"]) for row in rows] == [
        ("1", order_id(1), "done"),
        ("2", "", "blank"),
        ("3", "x", "malformed"),
        ("4", order_id(1), "duplicate"),
        ("5", order_id(2), "pending"),
    ]
    assert rows[0] == {
        "line": "1",
        "order_id": order_id(1),
        "capture_id": "",
        "reference": "",
        "outcome": "done",
        "status": "204",
        "error_code": "",
        "correlation_id": "correlation",
        "idempotency_key": "key",
        "attempts": "1",
        "started_at": "2026-11-23T12:00:00.000+00:00",
        "finished_at": "2026-11-23T12:00:00.000+00:00",
        "result_id": "",
        "detail": "",
        "job": journal.identity.job_id,
    }


async def test_the_manifests_other_columns_follow_under_their_own_names(tmp_path: Path) -> None:
    rows = [{"order_id": order_id(1), "shop": "A-1", "n": 7}, {"order_id": order_id(2), "status": "paid", "=x": [1]}]
    async with SqliteJournal.open(None) as journal:
        await load(journal, rows)
        await write_report(journal, tmp_path / "report.csv")

    first, second = read(tmp_path / "report.csv")

    assert (first["shop"], first["n"], first["manifest.status"], first["status"]) == ("A-1", "7", "", "")
    assert (second["shop"], second["manifest.status"], second["'=x"]) == ("", "paid", "[1]")


async def test_a_long_report_is_written_page_by_page(journal: SqliteJournal, tmp_path: Path) -> None:
    await load(journal, order_ids(2 * PAGE + 1))

    await write_report(journal, tmp_path / "report.csv")

    assert [row["order_id"] for row in read(tmp_path / "report.csv")] == order_ids(2 * PAGE + 1)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x"])
async def test_a_string_that_a_spreadsheet_would_execute_is_escaped(
    journal: SqliteJournal, tmp_path: Path, text: str
) -> None:
    await load(journal, [text])

    await write_report(journal, tmp_path / "report.csv")

    assert read(tmp_path / "report.csv")[0]["order_id"] == f"'{text}"


async def test_a_report_replaces_an_older_one_only_when_it_is_complete(
    journal: SqliteJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.csv"
    await load(journal, order_ids(1))
    await write_report(journal, report)
    before = report.read_text()

    async def broken(after: int, limit: int) -> list[object]:
        raise OSError("the disk is gone")

    monkeypatch.setattr(journal, "report_lines", broken)

    with pytest.raises(OSError, match="the disk is gone"):
        await write_report(journal, report)
    assert report.read_text() == before
    assert list(tmp_path.glob(".klarna-om*")) == []


async def test_a_report_never_writes_into_another_file_of_a_similar_name(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    manifest = tmp_path / "report.csv.tmp"
    manifest.write_text("precious")

    await write_report(journal, tmp_path / "report.csv")

    assert manifest.read_text() == "precious"


async def test_a_report_does_not_replace_a_link(journal: SqliteJournal, tmp_path: Path) -> None:
    (tmp_path / "report.csv").symlink_to("nowhere")

    with pytest.raises(FileExistsError, match="a symbolic link"):
        await write_report(journal, tmp_path / "report.csv")


async def test_a_link_that_appears_during_the_report_is_not_replaced(
    journal: SqliteJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = journal.report_lines

    async def linked(after: int, limit: int) -> list[Line]:
        (tmp_path / "report.csv").symlink_to("nowhere")
        return await report(after, limit)

    monkeypatch.setattr(journal, "report_lines", linked)

    with pytest.raises(FileExistsError, match="a symbolic link"):
        await write_report(journal, tmp_path / "report.csv")
    assert list(tmp_path.glob(".klarna-om*")) == []


async def test_a_report_named_jsonl_has_an_object_for_each_line(journal: SqliteJournal, tmp_path: Path) -> None:
    await load(journal, [{"order_id": order_id(1), "shop": "A-1"}, "x"])

    await write_report(journal, tmp_path / "report.jsonl")

    first, second = map(json.loads, (tmp_path / "report.jsonl").read_text().splitlines())
    assert (first["order_id"], first["outcome"], first["columns"]) == (order_id(1), "pending", {"shop": "A-1"})
    assert (first["job"], first["status"]) == (journal.identity.job_id, None)
    assert (second["order_id"], second["outcome"], second["columns"]) == ("x", "malformed", {})

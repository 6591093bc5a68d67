"""A report is replaced by its own job only."""

from pathlib import Path

import pytest

from klarna_om.batch.journal import Stamp
from klarna_om.batch.page.write import write_page
from klarna_om.batch.report import ReportError, write_report
from klarna_om.batch.report_lines import COLUMNS
from klarna_om.batch.report_owner import check_page, check_report
from klarna_om.batch.sqlite_journal import SqliteJournal
from tests.batch.fake_sender import FakeSender, order_ids
from tests.batch.jobs import START, load, run, save_stamp

HEADER = ",".join(COLUMNS)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.csv"


async def is_refused(journal: SqliteJournal, report: Path) -> bool:
    before = report.read_bytes()
    try:
        await check_report(journal, report)
    except ReportError as error:
        return "exists and is not the report of this job: move it away" in str(error)
    finally:
        assert report.read_bytes() == before
    return False


async def test_a_new_report_may_be_written(journal: SqliteJournal, report: Path) -> None:
    await check_report(journal, report)


async def test_a_job_replaces_its_own_report(journal: SqliteJournal, report: Path, sender: FakeSender) -> None:
    await load(journal, ["junk", *order_ids(3)])
    await run(journal, sender)
    await write_report(journal, report)

    assert not await is_refused(journal, report)


async def test_a_job_knows_its_report_when_its_keys_were_renewed(
    journal: SqliteJournal, report: Path, sender: FakeSender
) -> None:
    await load(journal, order_ids(3))
    await run(journal, sender)
    await write_report(journal, report)
    await save_stamp(journal, Stamp(0, 1, START))

    assert not await is_refused(journal, report)


async def test_a_job_replaces_its_report_from_before_anything_was_sent(journal: SqliteJournal, report: Path) -> None:
    await load(journal, order_ids(3))
    await write_report(journal, report)

    assert not await is_refused(journal, report)


async def test_a_changed_manifest_is_still_the_same_job(
    journal: SqliteJournal, report: Path, sender: FakeSender
) -> None:
    await load(journal, order_ids(3))
    await run(journal, sender)
    await write_report(journal, report)
    await load(journal, order_ids(6)[3:])

    assert not await is_refused(journal, report)


@pytest.mark.parametrize("count", [3, 6])
async def test_the_report_of_another_job_is_refused(
    journal: SqliteJournal, report: Path, tmp_path: Path, sender: FakeSender, count: int
) -> None:
    async with SqliteJournal.open(tmp_path / "other.journal") as other:
        await load(other, order_ids(6))
        await run(other, sender)
        await write_report(other, report)
    await load(journal, order_ids(6)[6 - count :])

    assert await is_refused(journal, report)


async def test_a_report_of_orders_that_the_job_does_not_know_is_refused(
    journal: SqliteJournal, report: Path, tmp_path: Path
) -> None:
    async with SqliteJournal.open(tmp_path / "other.journal") as other:
        await load(other, order_ids(2))
        await write_report(other, report)

    assert await is_refused(journal, report)


@pytest.mark.parametrize(
    "content",
    [
        b"precious\n",
        b"\xff\xfe\x00",
        f"{HEADER}\nx\n".encode(),
        HEADER.replace(",", ";").encode(),
        b'"' + b"x" * 200_000,
    ],
)
async def test_any_other_file_is_refused(journal: SqliteJournal, report: Path, content: bytes) -> None:
    report.write_bytes(content)

    assert await is_refused(journal, report)


@pytest.mark.parametrize("content", [b"", f"{HEADER}\n".encode()])
async def test_an_empty_report_is_replaced(journal: SqliteJournal, report: Path, content: bytes) -> None:
    report.write_bytes(content)

    assert not await is_refused(journal, report)


async def test_only_a_regular_file_can_be_a_report(journal: SqliteJournal) -> None:
    with pytest.raises(ReportError, match="the report cannot be written: /dev/null is a device"):
        await check_report(journal, Path("/dev/null"))


async def test_a_job_replaces_its_own_report_of_json_lines_and_no_other_one(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    report = tmp_path / "report.jsonl"
    await load(journal, order_ids(2))
    await write_report(journal, report)
    assert not await is_refused(journal, report)

    for content in (b'{"job": "x"}\n', b"{}\n", b"[1]\n", b"{"):
        report.write_bytes(content)
        assert await is_refused(journal, report)


async def test_a_job_replaces_its_own_page_and_no_other_file(journal: SqliteJournal, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    await check_page(journal, page)
    await load(journal, order_ids(2))
    await write_page(journal, page)
    await check_page(journal, page)

    for content in (b"<!DOCTYPE html>", b"precious", page.read_bytes().replace(journal.identity.job_id.encode(), b"x")):
        page.write_bytes(content)
        with pytest.raises(ReportError, match="is not the report of this job: .*name another file with --html"):
            await check_page(journal, page)
        assert page.read_bytes() == content

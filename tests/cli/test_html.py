"""`--html` of a job's command, and `klarna-om journal export --format html`."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.group import group
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_id
from tests.cli.conftest import Acknowledge

PAGE = Path("orders.html")


def journal_export(*options: str) -> Result:
    return CliRunner().invoke(group, ["journal", "export", "orders.csv.journal", *options])


def test_a_job_writes_its_page_beside_the_report(acknowledge: Acknowledge, manifest: Path) -> None:
    result = acknowledge("--html", "orders.html")
    again = acknowledge("--html", "orders.html", "--json")

    assert (result.exit_code, again.exit_code) == (0, 0)
    assert "\nReport: orders.report.csv\nPage: orders.html\n" in result.stdout
    assert json.loads(again.stdout)["html"] == "orders.html"
    assert "Everything is done." in PAGE.read_text("utf-8")
    assert Path("orders.report.csv").exists()


def test_without_the_option_there_is_no_page(acknowledge: Acknowledge, manifest: Path) -> None:
    result = acknowledge("--json")

    assert json.loads(result.stdout)["html"] is None
    assert not PAGE.exists()


def test_the_page_is_made_from_the_journal_later(acknowledge: Acknowledge, manifest: Path) -> None:
    acknowledge()

    result = journal_export("--format", "html")

    assert result.exit_code == 0
    assert result.stdout_bytes.decode("utf-8").startswith("<!DOCTYPE html>\n")
    assert "Everything is done." in result.stdout


def test_a_job_that_fails_fatally_has_a_page(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "wrong")

    result = acknowledge("--html", "orders.html")

    assert result.exit_code == 4
    assert "0 of 30 rows are done, 30 are for the next run." in PAGE.read_text("utf-8")


def test_a_job_that_is_stopped_has_a_page(acknowledge: Acknowledge, manifest: Path) -> None:
    known, *others = manifest.read_text().splitlines()[1:]
    manifest.write_text("\n".join(["order_id", known, order_id(1), *others]))

    result = acknowledge("--html", "orders.html", "--max-failures", "1", "--in-flight", "1")

    assert result.exit_code == 3
    page = PAGE.read_text("utf-8")
    assert "1 of 31 rows are done, 1 needs a person, 29 are for the next run." in page
    assert "NO_SUCH_ORDER" in page


def test_the_extra_is_checked_before_anything_is_sent(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    result = acknowledge("--html", "orders.html")

    assert result.exit_code == 2
    assert "pip install 'klarna-om[report]'" in result.stderr
    assert (sandbox.acknowledgements, Path("orders.csv.journal").exists()) == (0, False)


def test_an_export_without_the_extra_names_it(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledge()
    monkeypatch.setitem(sys.modules, "jinja2", None)

    result = journal_export("--format", "html")

    assert result.exit_code == 2
    assert "pip install 'klarna-om[report]'" in result.stderr


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.journal", "orders.report.csv", "orders.csv.journal-wal"])
def test_the_page_is_a_file_of_its_own(acknowledge: Acknowledge, manifest: Path, name: str) -> None:
    result = acknowledge("--html", name)

    assert result.exit_code == 2
    assert "must be different files" in result.stderr


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_file_that_is_not_this_jobs_page_is_not_replaced(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, options: tuple[str, ...]
) -> None:
    PAGE.write_text("precious")

    result = acknowledge("--html", "orders.html", *options)

    assert result.exit_code == 2
    assert "orders.html exists and is not the report of this job" in result.stderr
    assert PAGE.read_text() == "precious"
    assert sandbox.acknowledgements == 0


def test_a_retry_writes_the_page_too(acknowledge: Acknowledge, manifest: Path) -> None:
    acknowledge("--html", "orders.html")
    before = PAGE.stat().st_mtime_ns
    retry = ["batch", "retry", "orders.csv.journal", "--unknown"]

    result = CliRunner().invoke(group, [*retry, "--html", "orders.html"])
    same = CliRunner().invoke(group, [*retry, "--html", "orders.report.csv"])

    assert (result.exit_code, same.exit_code) == (0, 2)
    assert PAGE.stat().st_mtime_ns > before
    assert "must be different files" in same.stderr


def test_a_page_that_cannot_be_written_is_an_error(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("klarna_om.cli.run.write_page", fail)

    result = acknowledge("--html", "orders.html")

    assert result.exit_code == 3
    assert "the report orders.html cannot be written (No space left on device)" in result.stderr

"""`klarna-om batch OPERATION` and its short forms, from the command line to the sandbox."""

import asyncio
import csv
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om import KlarnaClient, UpdateAuthorization
from klarna_om.batch.totals import Summary, Totals
from klarna_om.cli.batch import SHORT
from klarna_om.cli.batch_options import Settings
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.files import report_of
from klarna_om.cli.group import COMMANDS, JOBS, group
from klarna_om.cli.run import RunResult
from klarna_om.cli.summary import exit_code_for, summary_text
from klarna_om.sandbox import Sandbox
from klarna_om.workflows.writes import WRITES

Klarna = Callable[..., Result]

HEADER = "order_id,captured_amount,reference,shop_order"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limit=None) as running:
        yield running


@pytest.fixture
def klarna(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Klarna:
    """Run `klarna-om` in its own directory, against the sandbox."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", sandbox.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", "sandbox")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "sandbox")
    monkeypatch.delenv("KLARNA_OM_API_KEY", raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(group, arguments)

    return run


def captures(sandbox: Sandbox, *amounts: object) -> list[str]:
    """A manifest with one order for each amount."""
    ids = [sandbox.order(order_amount=1000).order_id or "" for _ in amounts]
    rows = [f"{order_id},{amount},s-{n},A-{n}" for n, (order_id, amount) in enumerate(zip(ids, amounts, strict=True))]
    Path("captures.csv").write_text("\n".join([HEADER, *rows]))
    return ids


def report(name: str = "captures.report.csv") -> list[dict[str, str]]:
    with Path(name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_capture_of_each_row_is_made_once_and_reported_with_the_shops_columns(
    klarna: Klarna, sandbox: Sandbox
) -> None:
    ids = captures(sandbox, 700, 2000, 300)

    first = klarna("batch", "captures.create", "captures.csv")
    again = klarna("capture", "captures.csv")

    assert (first.exit_code, again.exit_code) == (1, 1)
    assert "3 lines: 2 done, 1 refused, 0 unknown" in first.stdout
    assert "3 rows settled" in first.stdout
    assert [sandbox.effects(order_id, "captures.create") for order_id in ids] == [1, 0, 1]
    rows = report()
    assert [(row["outcome"], row["reference"], row["shop_order"]) for row in rows] == [
        ("done", "s-0", "A-0"),
        ("refused", "s-1", "A-1"),
        ("done", "s-2", "A-2"),
    ]
    assert rows[0]["result_id"] == sandbox.get(ids[0]).captures[0].capture_id


def test_a_dry_run_shows_what_is_wrong_by_line_and_opens_no_connection(klarna: Klarna, sandbox: Sandbox) -> None:
    (first,) = captures(sandbox, 700)
    Path("captures.csv").write_text(f"{HEADER}\n{first},12.50,s-1,A\n{first},700,s-2,A\n{first},800,s-2,A\n")

    result = klarna("capture", "captures.csv", "--dry-run")

    assert result.exit_code == 0
    assert "line 2: captured_amount: must be a whole number (money is in minor units: 1250 for 12.50)" in result.stdout
    assert "line 4: line 3 has another request under the reference s-2" in result.stdout
    assert "3 lines: 0 done, 0 refused, 0 unknown, 1 pending, 1 malformed, 1 conflict" in result.stdout
    assert "1 rows would be sent." in result.stdout
    assert sandbox.request_count == 0
    assert not Path("captures.csv.journal").exists()


def test_a_dry_run_shows_the_first_lines_and_counts_the_rest(klarna: Klarna, sandbox: Sandbox) -> None:
    captures(sandbox, *["x"] * 24, 700)

    result = klarna("capture", "captures.csv", "--dry-run")

    assert "line 21: captured_amount" in result.stdout
    assert "line 22:" not in result.stdout
    assert "... and 4 more" in result.stdout


def test_a_line_that_could_not_be_sent_makes_the_job_incomplete(klarna: Klarna, sandbox: Sandbox) -> None:
    captures(sandbox, 700, "x")

    result = klarna("capture", "captures.csv")

    assert result.exit_code == 1
    assert report()[1]["detail"].startswith("captured_amount: must be a whole number")


def test_a_manifest_without_a_column_that_is_needed_is_refused(klarna: Klarna) -> None:
    Path("captures.csv").write_text("order_id,amount\n7849fd84-47dc-4919-a7ce-47b9f461562f,700\n")

    result = klarna("capture", "captures.csv")

    assert result.exit_code == 2
    assert "the manifest has no 'reference', 'captured_amount', which captures.create needs" in result.stderr


def test_a_request_is_checked_by_the_rules_of_the_host(
    klarna: Klarna, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures(sandbox, 700)
    Path("u.csv").write_text(f"order_id,reference,order_amount\n{captures(sandbox, 1)[0]},u-1,900\n")
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", "kustom")

    result = klarna("batch", "orders.update_authorization", "u.csv", "--dry-run")

    assert "order_lines" in result.stderr + result.stdout


@pytest.mark.parametrize("name", [*WRITES, *SHORT])
def test_each_operation_has_a_help_that_names_its_columns(klarna: Klarna, name: str) -> None:
    page = klarna("batch", name, "--help")

    assert page.exit_code == 0
    assert f"klarna-om batch {name}" in page.stdout
    text = " ".join(page.stdout.split())
    assert ("--on-expired" in text) is (SHORT.get(name, name) not in FAILING)
    if name in ("capture", "captures.create"):
        assert "Beside the order id it has reference, captured_amount." in text
        assert "It may have description, order_lines" in text


FAILING = {
    "orders.release_remaining_authorization",
    "orders.update_authorization",
    "orders.update_customer_details",
    "orders.extend_authorization_time",
    "orders.add_shipping_info",
    "captures.add_shipping_info",
    "captures.trigger_send_out",
    "captures.extend_due_date",
}


def test_the_short_forms_are_commands_and_the_list_has_all_operations(klarna: Klarna) -> None:
    top, operations = klarna("--help").stdout, klarna("batch", "--help").stdout

    assert all(f"  {name}" in top for name in (*COMMANDS, *JOBS))
    assert set(JOBS) == set(SHORT)
    assert all(f"  {name}" in operations for name in WRITES)


def test_what_is_no_operation_is_named(klarna: Klarna) -> None:
    result = klarna("batch", "captures.list", os.devnull)

    assert result.exit_code == 2
    assert "No such command 'captures.list'" in result.stderr


def test_refused_rows_are_retried_once_their_cause_is_gone(klarna: Klarna, sandbox: Sandbox) -> None:
    (order,) = captures(sandbox, 2000)
    klarna("capture", "captures.csv")
    client_of(sandbox, order)

    dry = klarna("batch", "retry", "captures.csv.journal", "--refused", "--dry-run")
    other = klarna("batch", "retry", "captures.csv.journal", "--refused", "--code", "OTHER_CODE")
    result = klarna("batch", "retry", "captures.csv.journal", "--refused", "--code", "CAPTURE_NOT_ALLOWED")

    assert "1 rows would be sent." in dry.stdout
    assert other.exit_code == 1
    assert "No row is like that." in other.stderr
    assert "1 rows are taken up again." in result.stderr
    assert (result.exit_code, sandbox.effects(order, "captures.create")) == (0, 1)
    assert "1 lines: 1 done" in result.stdout
    assert report()[0]["outcome"] == "done"


def client_of(sandbox: Sandbox, order: str) -> None:
    """Raise the authorization, as the shop does."""

    async def raise_it() -> None:
        async with KlarnaClient(sandbox.url, username="sandbox", password="sandbox") as client:
            await client.orders.update_authorization(order, UpdateAuthorization(order_amount=2000))

    asyncio.run(raise_it())


def test_a_retry_says_what_it_needs(klarna: Klarna, sandbox: Sandbox) -> None:
    captures(sandbox, 700)
    klarna("capture", "captures.csv")

    nothing = klarna("batch", "retry", "captures.csv.journal")
    no_journal = klarna("batch", "retry", "captures.csv", "--unknown")

    assert (nothing.exit_code, no_journal.exit_code) == (2, 2)
    assert "say which rows: --refused, --unknown, or both" in nothing.stderr
    assert "captures.csv is not a journal of klarna_om" in no_journal.stderr


@pytest.mark.parametrize(("journal", "report"), [("a.csv.journal", "a.report.csv"), ("mine", "mine.report.csv")])
def test_the_report_of_a_journal_is_named_after_its_manifest(journal: str, report: str) -> None:
    assert report_of(Path(journal)) == Path(report)


def test_a_summary_says_when_unknown_rows_are_due_and_which_need_a_person() -> None:
    settings = Settings(
        operation="captures.create",
        manifest="rows.csv",
        column="order_id",
        journal=Path("rows.csv.journal"),
        report=Path("rows.report.csv"),
        rate=None,
        in_flight=1,
        on_expired="verify",
        keep_going=False,
        max_failures=None,
        until=None,
        max_duration=None,
    )
    totals = Totals(done=1, unknown=2, escalated=3)
    result = RunResult(Summary("job", totals, due=datetime(2026, 11, 23, 17, 5, tzinfo=UTC)))

    text = summary_text(settings, result)

    assert "2 unknown rows are tried again by the same command; Klarna asks to wait until 2026-11-23 17:05 UTC." in text
    assert "3 escalated rows need a person: see the report" in text
    assert exit_code_for(result) is ExitCode.INCOMPLETE

"""`klarna-om acknowledge`, from the command line to the sandbox."""

import csv
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from klarna_om.batch import Sender, SendResult
from klarna_om.batch.journal import Row
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.group import group
from klarna_om.client import KlarnaClient
from klarna_om.keys import Key
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_id, response_error
from tests.cli.conftest import Acknowledge


def report(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_0_when_every_order_is_acknowledged(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    result = acknowledge()

    assert result.exit_code == 0
    counts, speed, files = result.stdout.splitlines()
    assert counts == "30 lines: 30 done, 0 refused, 0 unknown"
    assert re.fullmatch(r"30 orders settled in \d+\.\d s(, [\d.]+/s)?", speed)
    assert files == "Report: orders.report.csv"
    assert sandbox.acknowledgements == 30
    assert [row["outcome"] for row in report(tmp_path / "orders.report.csv")] == ["done"] * 30


def test_the_same_command_again_sends_nothing(acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox) -> None:
    acknowledge()

    requests = sandbox.request_count

    result = acknowledge()

    assert (result.exit_code, sandbox.request_count) == (0, requests)
    assert "nothing to do: the journal orders.csv.journal has all 30 orders as done since 20" in result.stdout
    assert "needs another journal (--journal FILE)" in result.stdout
    assert "orders settled in" not in result.stdout


def test_the_same_command_again_reports_refused_orders_as_settled(acknowledge: Acknowledge, manifest: Path) -> None:
    with manifest.open("a") as file:
        file.write(f"{order_id(1)}\n")
    acknowledge()

    result = acknowledge()

    assert result.exit_code == 1
    assert "has all 31 orders settled since 20" in result.stdout


def test_1_when_some_are_refused(acknowledge: Acknowledge, manifest: Path, tmp_path: Path) -> None:
    with manifest.open("a") as file:
        file.write(f"{order_id(1)}\n")

    result = acknowledge()

    assert result.exit_code == 1
    assert "30 done, 1 refused" in result.stdout
    assert report(tmp_path / "orders.report.csv")[-1]["error_code"] == "NO_SUCH_ORDER"


def test_1_when_some_are_unknown_and_the_same_command_settles_them(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klarna_om.batch.repeats.NO_PROGRESS_TIMEOUT", 0.0)
    sandbox.fail_next(100, fault="redirect", order_id=next(sandbox.order_ids))

    result = acknowledge()

    assert result.exit_code == 1
    assert "29 done, 0 refused, 1 unknown" in result.stdout
    assert "run the same command again" in result.stdout

    sandbox.clear_failures()

    assert acknowledge().exit_code == 0
    assert sandbox.acknowledgements == 30


def test_1_when_some_lines_are_malformed(acknowledge: Acknowledge, manifest: Path, tmp_path: Path) -> None:
    with manifest.open("a") as file:
        file.write("=1+1\n\n" + manifest.read_text().splitlines()[1] + "\n")

    result = acknowledge()

    assert result.exit_code == 1
    assert "33 lines: 30 done, 0 refused, 0 unknown, 1 duplicate, 1 blank, 1 malformed" in result.stdout

    rows = report(tmp_path / "orders.report.csv")[-3:]

    assert [(row["line"], row["order_id"][:5], row["outcome"]) for row in rows] == [
        ("32", "'=1+1", "malformed"),
        ("33", "", "blank"),
        ("34", rows[-1]["order_id"][:5], "duplicate"),
    ]


def test_blanks_and_duplicates_are_no_failure(acknowledge: Acknowledge, manifest: Path) -> None:
    with manifest.open("a") as file:
        file.write("\n" + manifest.read_text().splitlines()[1] + "\n")

    assert acknowledge().exit_code == 0


def test_1_when_a_line_has_data_and_no_order_id(acknowledge: Acknowledge, manifest: Path, tmp_path: Path) -> None:
    ids = manifest.read_text().splitlines()[1:]
    manifest.write_text("order_id;reference\n" + "".join(f"{each};r\n" for each in ids) + ";r2\n;\n")

    result = acknowledge()

    assert result.exit_code == 1
    assert [(row["line"], row["order_id"], row["outcome"]) for row in report(tmp_path / "orders.report.csv")[-2:]] == [
        ("32", "r2", "malformed"),
        ("33", "", "blank"),
    ]


def test_2_when_the_column_is_missing(acknowledge: Acknowledge, manifest: Path, tmp_path: Path) -> None:
    result = acknowledge("--column", "klarna_id")

    assert result.exit_code == 2
    assert result.stderr == (
        "klarna-om: the manifest has no column 'klarna_id'; it has: 'order_id'. Choose one with --column\n"
    )
    assert list(tmp_path.iterdir()) == [manifest]


def test_2_when_the_manifest_is_not_there(acknowledge: Acknowledge) -> None:
    assert acknowledge().exit_code == 2


def test_2_when_the_manifest_cannot_be_read(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "orders.csv")

    monkeypatch.setattr(Path, "open", unreadable)

    result = acknowledge()

    assert (result.exit_code, result.stderr) == (2, "klarna-om: orders.csv: Permission denied\n")


@pytest.mark.parametrize("option", ["--journal", "--report"])
def test_2_when_a_directory_is_not_there(acknowledge: Acknowledge, manifest: Path, option: str) -> None:
    result = acknowledge(option, "none/file")

    assert result.exit_code == 2
    assert "there is no directory" in result.stderr


def test_2_when_two_files_are_one(acknowledge: Acknowledge, manifest: Path) -> None:
    result = acknowledge("--report", "orders.csv")

    assert result.exit_code == 2
    assert "must be different files" in result.stderr


def test_2_when_the_journal_is_something_else(acknowledge: Acknowledge, manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x" * 2000)

    result = acknowledge("--journal", "other")

    assert result.exit_code == 2
    assert "not a journal of klarna_om" in result.stderr


def test_3_when_it_is_stopped_and_the_same_command_continues(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from klarna_om.batch import senders as batch

    original = batch.make_sender

    def make_interrupted_sender(client: KlarnaClient, operation: str) -> Sender:
        send = original(client, operation)

        async def once(row: Row, key: Key) -> SendResult:
            os.kill(os.getpid(), signal.SIGINT)
            monkeypatch.setattr("klarna_om.cli.execute.make_sender", original)
            return await send(row, key)

        return once

    monkeypatch.setattr("klarna_om.cli.execute.make_sender", make_interrupted_sender)
    result = acknowledge("--in-flight", "1")
    assert result.exit_code == 3
    assert "Ending the calls in progress" in result.stderr
    assert "run the same command again to continue" in result.stdout
    rows = report(tmp_path / "orders.report.csv")
    assert [row["outcome"] for row in rows] == ["done"] + ["pending"] * 29

    assert acknowledge().exit_code == 0
    assert sandbox.acknowledgements == 30


def test_3_when_the_journal_breaks(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from klarna_om.batch.journal import JournalError
    from klarna_om.batch.sqlite_journal import SqliteJournal

    async def full(self: SqliteJournal, finish: object) -> None:
        raise JournalError("the journal cannot be written (disk is full)")

    monkeypatch.setattr(SqliteJournal, "record", full)

    result = acknowledge()

    assert result.exit_code == 3
    assert "disk is full" in result.stderr
    assert not (tmp_path / "orders.report.csv").exists()


def test_130_when_ctrl_c_comes_before_there_is_a_journal_and_3_after(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("klarna_om.cli.manifest_lines.open_manifest", pressed)
        result = acknowledge()
        assert (result.exit_code, result.stderr) == (130, "klarna-om: interrupted; nothing was sent\n")

    acknowledge()
    monkeypatch.setattr("klarna_om.cli.manifest_lines.open_manifest", pressed)
    result = acknowledge()
    assert (result.exit_code, result.stderr) == (3, "klarna-om: stopped; run the same command again to continue\n")


def test_3_when_the_journal_is_removed(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from klarna_om.batch.senders import make_sender

    def delete_journal(client: KlarnaClient, operation: str) -> Sender:
        (tmp_path / "orders.csv.journal").unlink()
        return make_sender(client, operation)

    monkeypatch.setattr("klarna_om.cli.execute.make_sender", delete_journal)

    result = acknowledge()

    assert result.exit_code == 3
    assert "was removed while the job was running" in result.stderr
    assert "Report:" not in result.stdout
    assert "run the same command again" not in result.stdout
    assert sandbox.acknowledgements == 0


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_2_when_the_manifest_names_no_order(
    acknowledge: Acknowledge, manifest: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    manifest.write_text("order_id\n\njunk\n")

    result = acknowledge(*option)

    assert result.exit_code == 2
    assert "the manifest names no order: none of its 2 lines can be used. Line 3 is 'junk'" in result.stderr
    assert list(tmp_path.iterdir()) == [manifest]


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_2_when_the_journal_is_empty(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path, option: tuple[str, ...]
) -> None:
    (tmp_path / "orders.csv.journal").touch()

    result = acknowledge(*option)

    assert (result.exit_code, sandbox.request_count) == (2, 0)
    assert "is empty, after a crash or a failed copy" in result.stderr


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_2_when_the_report_is_of_another_job(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path, option: tuple[str, ...]
) -> None:
    acknowledge()
    before = (tmp_path / "orders.report.csv").read_bytes()

    result = acknowledge("--journal", "other.journal", *option)

    assert (result.exit_code, sandbox.request_count) == (2, 30)
    assert "orders.report.csv exists and is not the report of this job" in result.stderr
    assert (tmp_path / "orders.report.csv").read_bytes() == before


def test_2_when_a_system_error_names_no_file(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise OSError("something odd")

    monkeypatch.setattr("klarna_om.cli.manifest_lines.open_manifest", unreadable)

    result = acknowledge()

    assert (result.exit_code, result.stderr) == (2, "klarna-om: orders.csv: something odd\n")


def test_2_when_the_journal_is_of_another_host(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledge()
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", "http://127.0.0.1:9")

    result = acknowledge()

    assert (result.exit_code, sandbox.request_count) == (2, 30)
    assert f"this journal has the results of calls to {sandbox.url}" in result.stderr


def test_a_wrong_host_is_corrected_in_the_same_journal(
    acknowledge: Acknowledge,
    manifest: Path,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unused_tcp_port: int,
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", f"http://127.0.0.1:{unused_tcp_port}")
    assert acknowledge().exit_code == 4

    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", sandbox.url)

    assert acknowledge().exit_code == 0
    assert sandbox.acknowledgements == 30


def test_2_when_orders_may_have_been_sent_to_another_host(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "wrong")
    assert acknowledge().exit_code == 4
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", "http://127.0.0.1:9")

    result = acknowledge()

    assert result.exit_code == 2
    assert f"this journal has no result yet, but its orders may have been sent to {sandbox.url}" in result.stderr
    assert "would go to http://127.0.0.1:9; set the environment as it was, or name another file" in result.stderr


def test_ids_in_upper_case_are_the_same_orders(acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox) -> None:
    manifest.write_text("order_id\n" + "".join(f"{each.upper()}\n{each}\n" for each in sandbox.order_ids))

    result = acknowledge()

    assert result.exit_code == 0
    assert "60 lines: 30 done, 0 refused, 0 unknown, 30 duplicate" in result.stdout
    assert sandbox.acknowledgements == 30


def test_4_shows_how_many_were_done(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from klarna_om.batch import senders as batch

    original = batch.make_sender

    def make_rejected_sender(client: KlarnaClient, operation: str) -> Sender:
        send = original(client, operation)

        async def once(row: Row, key: Key) -> SendResult:
            if sandbox.acknowledgements == 10:
                raise response_error(401)
            return await send(row, key)

        return once

    monkeypatch.setattr("klarna_om.cli.execute.make_sender", make_rejected_sender)
    result = acknowledge("--in-flight", "1")
    assert result.exit_code == 4
    assert (
        "stopped: the credentials were rejected (401) [answer-401], after 10 of 30 orders were done." in result.stderr
    )
    assert "10 orders settled in" in result.stdout


def test_a_summary_that_cannot_be_written_goes_to_standard_error(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klarna_om.cli.job_end.output_failure", lambda: OSError(28, "No space left on device"))

    result = acknowledge()

    assert result.exit_code == 0
    assert "this summary could not be written (No space left on device):\n30 lines: 30 done" in result.stderr


def test_json_names_a_file_whose_name_is_not_utf_8(acknowledge: Acknowledge, manifest: Path) -> None:
    summary = json.loads(acknowledge("--json", "--report", os.fsdecode(b"r\xf6.csv")).stdout)

    assert summary["report"] == "r?.csv"


def test_4_when_the_credentials_are_wrong(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "wrong")
    result = acknowledge()
    assert result.exit_code == 4
    assert result.stderr.splitlines()[-1] == (
        "klarna-om: stopped: the credentials were rejected (401), after 0 of 30 orders were done."
        f" Check the credentials, and that they belong to KLARNA_OM_ENVIRONMENT ({sandbox.url}), then run the same"
        " command again; what was not sent is still pending. For another environment name a new journal too"
        " (--journal FILE)"
    )
    assert "run the same command again" not in result.stdout
    assert result.output.index("stopped:") < result.output.index("30 lines:")
    assert {row["outcome"] for row in report(tmp_path / "orders.report.csv")} == {"pending"}

    monkeypatch.setenv("KLARNA_OM_PASSWORD", "sandbox")
    assert acknowledge().exit_code == 0
    assert sandbox.acknowledgements == 30


def test_4_when_the_first_fifty_orders_are_all_unknown_to_klarna(
    acknowledge: Acknowledge, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text("order_id\n" + "".join(f"{order_id(n)}\n" for n in range(1, 101)))

    stopped = acknowledge()
    assert stopped.exit_code == 4
    assert sandbox.url in stopped.stderr
    assert "404 NO_SUCH_ORDER" in stopped.stderr
    assert ".." not in stopped.stderr
    assert "run it with --keep-going" in stopped.stderr
    assert "keep_going" not in stopped.stderr
    assert "for another environment name a new journal too (--journal FILE)" in stopped.stderr
    assert {row["outcome"] for row in report(tmp_path / "orders.report.csv")} == {"pending"}

    continued = acknowledge("--keep-going")
    assert continued.exit_code == 1
    assert "100 refused" in continued.stdout


def test_4_when_there_are_no_credentials(
    acknowledge: Acknowledge, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLARNA_OM_PASSWORD")

    result = acknowledge()

    assert result.exit_code == 4
    assert "no password: KLARNA_OM_USERNAME is set, and KLARNA_OM_PASSWORD is not" in result.stderr
    assert list(tmp_path.iterdir()) == [manifest]


def test_4_when_the_host_cannot_be_reached(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", f"http://127.0.0.1:{unused_tcp_port}")
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)

    result = acknowledge()

    assert result.exit_code == 4
    assert result.stderr.splitlines()[-1] == (
        f"klarna-om: stopped: no connection to 127.0.0.1:{unused_tcp_port} (refused), after 0 of 30 orders were done."
        f" Check KLARNA_OM_ENVIRONMENT (http://127.0.0.1:{unused_tcp_port}) and the network, then run the same command"
        " again; what was not sent is still pending"
    )


def test_a_dry_run_shows_what_would_be_done_and_does_nothing(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    with manifest.open("a") as file:
        file.write("junk\n")

    result = acknowledge("--dry-run")

    assert result.exit_code == 0
    assert "31 lines: 0 done, 0 refused, 0 unknown, 30 pending, 1 malformed\n30 orders would be sent." in result.stdout
    assert (sandbox.request_count, list(tmp_path.iterdir())) == (0, [manifest])

    acknowledge()

    assert "30 done, 0 refused, 0 unknown, 1 malformed\n0 orders would be sent." in acknowledge("--dry-run").stdout


def test_a_dry_run_needs_no_credentials(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLARNA_OM_PASSWORD")

    assert json.loads(acknowledge("--dry-run", "--json").stdout)["pending"] == 30


def test_json_is_one_document_on_standard_output(acknowledge: Acknowledge, manifest: Path) -> None:
    summary = json.loads(acknowledge("--json").stdout)

    assert (summary["done"], summary["lines"], summary["settled_now"], summary["exit_code"]) == (30, 30, 30, 0)
    assert (summary["journal"], summary["report"], summary["stopped_by"]) == (
        "orders.csv.journal",
        "orders.report.csv",
        None,
    )


def test_json_has_the_error_that_stopped_it(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "wrong")

    summary = json.loads(acknowledge("--json").stdout)

    assert (summary["exit_code"], summary["pending"]) == (4, 30)
    assert "401" in summary["stopped_by"]


def test_standard_input_needs_a_journal(acknowledge: Acknowledge) -> None:
    result = acknowledge("-", stdin="")

    assert result.exit_code == 2
    assert "reading standard input needs --journal FILE" in result.stderr


def test_standard_input_is_read(acknowledge: Acknowledge, sandbox: Sandbox, tmp_path: Path) -> None:
    ids = "\n".join(sandbox.order_ids)

    result = acknowledge("-", "--journal", "night.journal", "--report", "night.csv", stdin=ids)

    assert result.exit_code == 0
    assert acknowledge("-", "--journal", "night.journal", stdin=ids).exit_code == 0
    assert sandbox.acknowledgements == 30
    assert len(report(tmp_path / "night.csv")) == len(report(tmp_path / "night.report.csv")) == 30


def test_orders_maybe_sent_too_long_ago_can_be_left_to_a_person(
    acknowledge: Acknowledge, manifest: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3
    from contextlib import closing

    monkeypatch.setattr("klarna_om.batch.repeats.NO_PROGRESS_TIMEOUT", 0.0)
    sandbox.fail_next(2, fault="redirect", order_id=next(sandbox.order_ids))
    assert acknowledge().exit_code == 1
    with closing(sqlite3.connect(tmp_path / "orders.csv.journal")) as connection:
        connection.execute("UPDATE windows SET first_used_at = '2020-01-01T00:00:00+00:00'")
        connection.commit()
    requests = sandbox.request_count
    assert acknowledge("--on-expired", "fail").exit_code == 1
    assert sandbox.request_count == requests
    assert report(tmp_path / "orders.report.csv")[0]["outcome"] == "escalated"
    assert CliRunner().invoke(group, ["batch", "retry", "orders.csv.journal", "--unknown"]).exit_code == 0
    assert sandbox.acknowledgements == 30


def test_the_rate_is_kept(acknowledge: Acknowledge, manifest: Path) -> None:
    summary = json.loads(acknowledge("--json", "--rate", "60").stdout)

    assert summary["elapsed_seconds"] >= 29 / 60 * 0.9


def test_without_uvloop_the_loop_is_asyncios(
    acknowledge: Acknowledge, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)

    assert acknowledge().exit_code == 0


def test_the_help_has_an_example_and_the_exit_codes() -> None:
    page = CliRunner().invoke(group, ["acknowledge", "--help"]).stdout

    assert "klarna-om acknowledge orders.csv --dry-run" in page
    assert "Send them again, or leave them to a person." in " ".join(page.split())

    for code in ExitCode:
        assert f"  {code.value}  " in page

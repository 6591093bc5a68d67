"""`--log-level`, `--log-format` and `--quiet` on the commands that call Klarna."""

import io
import json
import logging
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from klarna_om.batch.totals import Progress, Totals
from klarna_om.cli.group import group
from klarna_om.cli.log_lines import ConsoleStream, JsonLines, TextLines
from klarna_om.cli.log_options import log_options_for
from klarna_om.cli.progress import show_progress
from klarna_om.sandbox import Sandbox
from tests.cli.conftest import Acknowledge
from tests.cli.terminals import Terminal, settings_of


@pytest.fixture
def run(acknowledge: Acknowledge, manifest: Path) -> Acknowledge:
    return acknowledge


def json_lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]


def test_without_a_level_nothing_is_logged(run: Acknowledge, sandbox: Sandbox) -> None:
    sandbox.fail_next(2, status=503)

    assert "klarna_om" not in run("--quiet").stderr


def test_failed_attempts_are_logged_as_warnings(run: Acknowledge, sandbox: Sandbox) -> None:
    sandbox.fail_next(2, status=503)

    result = run("--quiet", "--log-level", "warning")

    lines = result.stderr.splitlines()
    assert result.exit_code == 0
    assert len(lines) == 2
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z warning klarna_om: \[.*\] orders.acknowledge .*: 503", each)
        for each in lines
    )


def test_json_is_an_object_a_line_with_the_fields_of_the_client(run: Acknowledge, sandbox: Sandbox) -> None:
    result = run("--quiet", "--log-level", "INFO", "--log-format", "json")

    lines = json_lines(result)
    assert len(lines) == len(result.stderr.splitlines()) == 30
    assert {line["klarna_order_id"] for line in lines} == set(sandbox.order_ids)
    assert {(line["level"], line["logger"], line["klarna_operation"], line["klarna_result"]) for line in lines} == {
        ("info", "klarna_om", "orders.acknowledge", "204")
    }
    assert all(str(line["klarna_correlation_id"]) in str(line["message"]) for line in lines)
    assert all(line["klarna_idempotency_key"] and line["time"] for line in lines)


@pytest.mark.parametrize("password", ["sandbox", "pw-4711"])
def test_no_line_has_a_secret_or_a_body(
    klarna_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    order = klarna_sandbox.order(billing_address={"given_name": "Sigismunda"}, order_amount=1000)
    for name, value in {**settings_of(klarna_sandbox), "KLARNA_OM_PASSWORD": password}.items():
        monkeypatch.setenv(name, value)
    options = ["--log-level", "debug", "--log-format", "json"]

    result = CliRunner().invoke(group, ["order", "get", order.order_id or "", *options])

    assert [line["klarna_operation"] for line in json_lines(result)] == ["orders.get"]
    assert not re.search("Sigismunda|pw-4711|c2FuZGJveD", result.stderr)  # the last is the header's beginning


def test_a_format_without_a_level_is_refused(run: Acknowledge, sandbox: Sandbox) -> None:
    result = run("--log-format", "json")

    assert result.exit_code == 2
    assert "--log-format needs --log-level, such as --log-level info" in result.stderr
    assert sandbox.acknowledgements == 0


def test_after_the_command_the_logger_is_as_it_was(run: Acknowledge) -> None:
    logger = logging.getLogger("klarna_om")
    before = logger.level, [*logger.handlers]

    run("--log-level", "debug")

    assert (logger.level, logger.handlers) == before


def test_quiet_leaves_the_summary(run: Acknowledge) -> None:
    loud, quiet = run(), run("--quiet")

    assert "0 of 30 orders: 30 pending" in loud.stderr
    assert quiet.stderr == ""
    assert quiet.stdout.startswith("30 lines: 30 done")


def test_a_command_with_a_default_level_needs_no_option() -> None:
    @click.command()
    @log_options_for("klarna_om", "another", default="warning")
    def service() -> None:
        logging.getLogger("klarna_om.engines").setLevel(logging.INFO)
        for name in ("klarna_om", "another", "klarna_om.engines", "third"):
            logging.getLogger(name).info("info of %s", name)
            logging.getLogger(name).warning("warning of %s", name)

    default, errors, lines = (
        CliRunner().invoke(service, options).stderr
        for options in ([], ["--log-level", "error"], ["--log-format", "json"])
    )
    logging.getLogger("klarna_om.engines").setLevel(logging.NOTSET)

    words = [line.partition(": ")[2] for line in default.splitlines()]
    assert words == [
        "warning of klarna_om",
        "warning of another",
        "info of klarna_om.engines",
        "warning of klarna_om.engines",
    ]
    assert errors == ""
    assert [json.loads(line)["message"] for line in lines.splitlines()] == words


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("klarna_om", logging.WARNING, "", 0, message, None, None)
    made.created = 1_800_000_000.25
    vars(made).update(fields)
    return made


def test_a_line_for_people_shows_nothing_that_a_terminal_would_obey() -> None:
    line = TextLines().format(record("an order \x1b[2J\nwas read"))

    assert line == r"2027-01-15T08:00:00.250Z warning klarna_om: an order \x1b[2J\nwas read"


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()], ids=["text", "json"])
def test_of_an_exception_the_kind_is_shown_and_not_what_it_says(formatter: logging.Formatter) -> None:
    error = ValueError("pw-4711")
    failed = record("the hook raised", exc_info=(ValueError, error, None))

    assert "the hook raised (ValueError)" in formatter.format(failed)
    assert "pw-4711" not in formatter.format(failed)


def test_a_field_that_json_does_not_know_is_written_as_text() -> None:
    line = json.loads(JsonLines().format(record("x", klarna_warnings=[Path("a/b")])))

    assert line == {
        "time": "2027-01-15T08:00:00.250Z",
        "level": "warning",
        "logger": "klarna_om",
        "message": "x",
        "klarna_warnings": ["a/b"],
    }


def test_a_line_that_is_wider_than_the_terminal_stays_one_line() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=40)
    handler = logging.StreamHandler(ConsoleStream(console))

    with show_progress(console, lambda: None) as show:
        show(Progress(Totals(pending=9)))
        handler.emit(record("word " * 30 + "[red]:smile:"))
        handler.flush()

    assert "word " * 30 + "[red]:smile:\n" in stream.getvalue()


def test_on_a_terminal_each_log_line_is_whole_above_the_progress(sandbox: Sandbox, tmp_path: Path) -> None:
    manifest = tmp_path / "orders.csv"
    manifest.write_text("order_id\n" + "\n".join(sandbox.order_ids))
    options = ["--log-level", "info", "--log-format", "json"]

    terminal = Terminal(sandbox, ["acknowledge", str(manifest), *options])
    code = terminal.close()

    lines = re.findall(r"\{\"time\".*?\}(?=\r\n)", terminal.output)
    assert code == 0
    assert {json.loads(line)["klarna_order_id"] for line in lines} == set(sandbox.order_ids)
    assert "of 30 orders" in terminal.output

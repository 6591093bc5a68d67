"""With any terminal, also a broken one, a command does its work and ends with its own exit code."""

import io
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest
from click.testing import CliRunner

from klarna_om.cli.group import group
from klarna_om.cli.terminal import output_failure, protect_streams
from klarna_om.sandbox import Sandbox


@contextmanager
def output(stream: TextIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Replace standard output by a protected stream."""
    with stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        with protect_streams():
            yield


def test_characters_that_the_encoding_lacks_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()

    with output(os.fdopen(writing, "w", encoding="cp1252"), monkeypatch):
        sys.stdout.write("Koszulka Łódź")

    assert os.read(reading, 100) == b"Koszulka ?\xf3d?"
    os.close(reading)


def test_a_chosen_error_handler_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()

    with output(os.fdopen(writing, "w", encoding="ascii", errors="xmlcharrefreplace"), monkeypatch):
        sys.stdout.write("Ł")

    assert os.read(reading, 100) == b"&#321;"
    os.close(reading)


def test_a_closed_reader_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    with output(os.fdopen(writing, "w"), monkeypatch):
        sys.stdout.write("x" * 100_000)
        failure = output_failure()
        sys.stdout.write("more")

    assert failure is None


def test_a_full_disk_is_reported_and_nothing_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    with output(Path("/dev/full").open("w"), monkeypatch):
        sys.stdout.write("x")
        failure = output_failure()

    assert failure is not None
    assert failure.strerror == "No space left on device"


def test_a_full_pipe_that_does_not_block_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = "x" * 300_000
    received: list[bytes] = []

    def read() -> None:
        while sum(map(len, received)) < len(text):
            received.append(os.read(reading, 65_536))

    reader = threading.Thread(target=read, daemon=True)
    wait_for = select.select

    def start_reader_and_wait(*descriptors: Any) -> Any:  # the pipe is full: nothing has been read yet
        if not reader.is_alive():
            reader.start()
        return wait_for(*descriptors)

    monkeypatch.setattr(select, "select", start_reader_and_wait)
    with output(os.fdopen(writing, "w"), monkeypatch):
        sys.stdout.write(text)
    reader.join()

    assert b"".join(received).decode() == text
    os.close(reading)


def test_a_stream_that_python_set_to_none_is_replaced(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    with protect_streams():
        sys.stdout.write("x")

    assert capfd.readouterr().out == "x"


def test_a_closed_descriptor_is_not_left_for_a_journal() -> None:
    kept = os.dup(0)
    os.close(0)

    with protect_streams():
        assert os.fstat(0).st_rdev == Path(os.devnull).stat().st_rdev

    os.dup2(kept, 0)
    os.close(kept)


def test_a_stream_without_a_descriptor_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)

    with protect_streams():
        sys.stdout.write("Ł")
        assert sys.stdout is stream
        assert output_failure() is None

    assert stream.getvalue() == "Ł"


@pytest.mark.parametrize("charset", ["ascii", "cp1252"])
def test_an_order_with_a_polish_name_is_shown_on_any_terminal(
    klarna_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, charset: str
) -> None:
    order = klarna_sandbox.order(order_amount=5, merchant_reference1="Koszulka Łódź")
    monkeypatch.delenv("KLARNA_OM_API_KEY", raising=False)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", klarna_sandbox.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", "sandbox")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "sandbox")

    result = CliRunner(charset=charset).invoke(group, ["order", "get", order.order_id or ""])

    assert result.exit_code == 0, result.output
    assert "Koszulka ?" in result.output


REDIRECTIONS = (
    "{} 2>&-",
    "{} >&-",
    "{} <&- >&- 2>&-",
    "{} 2>/dev/full",
    "{} >/dev/full",
    "{} >/dev/full 2>&1",
    "{} 2>&1 | head -1; exit ${{PIPESTATUS[0]}}",
    "{} --json 2>&1 | true; exit ${{PIPESTATUS[0]}}",
    "PYTHONIOENCODING=ascii {}",
)


@pytest.mark.parametrize("redirection", REDIRECTIONS)
def test_a_broken_display_changes_neither_the_job_nor_its_exit_code(tmp_path: Path, redirection: str) -> None:
    with Sandbox(orders=20, limit=None) as sandbox:
        manifest = tmp_path / "órders.csv"
        manifest.write_text("order_id\n" + "\n".join(sandbox.order_ids))
        result = in_bash(redirection.format(f"{sys.executable} -m klarna_om.cli acknowledge {manifest}"), sandbox)
        done = sandbox.acknowledgements

    assert (result.returncode, done) == (0, 20), result.stderr
    assert (tmp_path / "órders.report.csv").read_text().count(",done,") == 20
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        ("{0} acknowledge <(cat {1}) --journal {1}.j", 0),
        ("cat {1} | {0} acknowledge - --journal {1}.j", 0),
        ("{0} acknowledge - --journal {1}.j <{1}", 0),
        ("{0} acknowledge <(cat {1})", 2),
        ("{0} acknowledge - --journal {1}.j <&-", 2),
        ("{0} acknowledge - --journal {1}.j <{1}/..", 1),
    ],
)
def test_pipes_and_standard_input_are_read_or_refused_with_a_message(
    tmp_path: Path, command: str, exit_code: int
) -> None:
    with Sandbox(orders=20, limit=None) as sandbox:
        manifest = tmp_path / "orders.csv"
        manifest.write_text("order_id\n" + "\n".join(sandbox.order_ids))
        result = in_bash(command.format(f"{sys.executable} -m klarna_om.cli", manifest), sandbox)
        done = sandbox.acknowledgements

    assert (result.returncode, done) == (exit_code, 0 if exit_code else 20), result.stderr
    assert "Traceback" not in result.stderr


def in_bash(command: str, sandbox: Sandbox) -> "subprocess.CompletedProcess[str]":
    settings = {
        "KLARNA_OM_ENVIRONMENT": sandbox.url,
        "KLARNA_OM_USERNAME": "sandbox",
        "KLARNA_OM_PASSWORD": "sandbox",
        "KLARNA_OM_API_KEY": "",
    }
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, env={**os.environ, **settings})

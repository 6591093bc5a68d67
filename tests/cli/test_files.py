"""Which files a job reads and writes, and what it refuses to write."""

import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from klarna_om.cli.files import choose_files


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current directory has a manifest."""
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").touch()


def refusal_of(journal: str | None = None, report: str | None = None, manifest: str = "orders.csv") -> str:
    with pytest.raises(click.UsageError) as caught:
        choose_files(manifest, None if journal is None else Path(journal), None if report is None else Path(report))
    return caught.value.message


def test_journal_and_report_are_beside_the_manifest() -> None:
    assert choose_files("orders.csv", None, None) == (Path("orders.csv.journal"), Path("orders.report.csv"))


def test_the_report_of_a_pipe_is_beside_the_journal() -> None:
    assert choose_files("-", Path("night.journal"), None) == (Path("night.journal"), Path("night.report.csv"))


@pytest.mark.parametrize("manifest", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "pipe"])
def test_a_pipe_needs_the_path_of_a_journal(manifest: str) -> None:
    os.mkfifo("pipe")

    assert f"reading the pipe {manifest} needs --journal FILE" in refusal_of(manifest=manifest)


def test_a_closed_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)

    assert "standard input is closed" in refusal_of("night.journal", manifest="-")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_link(path: Path) -> None:
    path.symlink_to("orders.csv")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_socket(path: Path) -> None:
    os.mknod(path, 0o140644)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Path.mkdir, "a directory"),
        (make_pipe, "a pipe"),
        (make_link, "a symbolic link"),
        (make_dangling_link, "a symbolic link"),
        (make_socket, "a socket"),
    ],
)
@pytest.mark.parametrize("option", ["journal", "report"])
def test_only_regular_files_are_written(make: Callable[[Path], None], kind: str, option: str) -> None:
    make(Path("other"))
    before = Path("other").lstat()

    assert f"only a regular file can be written: other is {kind}" in refusal_of(**{option: "other"})

    assert Path("other").lstat() == before


@pytest.mark.parametrize("option", ["journal", "report"])
def test_a_device_is_not_written(option: str) -> None:
    assert "/dev/null is a device" in refusal_of(**{option: "/dev/null"})


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert "File name too long" in refusal_of(report="x" * 300)


@pytest.mark.parametrize(
    ("journal", "report"),
    [
        (None, "orders.csv"),
        ("orders.csv", None),
        ("same", "./same"),
        ("same", "same-wal"),
        ("same", "same.lock"),
        ("hard-link", None),
    ],
)
def test_manifest_journal_and_report_are_three_files(journal: str | None, report: str | None) -> None:
    Path("hard-link").hardlink_to("orders.csv")

    assert "must be different files" in refusal_of(journal, report)

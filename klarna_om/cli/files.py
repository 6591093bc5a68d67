"""The files of a job: manifest, journal, report and HTML page."""

import os
import sys
from collections.abc import Sequence
from itertools import combinations, product
from pathlib import Path

import click

from klarna_om.batch.output_file import find_problem
from klarna_om.batch.page.libraries import require_libraries

_BESIDE_JOURNAL = ("-wal", "-shm", "-journal", ".lock")
"""Files that SQLite and the lock keep beside a journal."""


def choose_files(
    manifest: str, journal: Path | None, report: Path | None, html: Path | None = None
) -> tuple[Path, Path]:
    """Choose the paths of journal and report; raises `click.UsageError` for a path that must not be written."""
    if manifest == "-" and sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - `<&-` does it
        raise click.UsageError("standard input is closed, so there is no manifest to read")
    if journal is None:
        journal = _default_journal(manifest)
    report = report or (journal if _is_stream(manifest) else Path(manifest)).with_suffix(".report.csv")
    check_files(Path(manifest), journal, report, html)
    return journal, report


def check_files(manifest: Path | None, journal: Path, report: Path, html: Path | None) -> None:
    """Raise `click.UsageError` for a path that must not be written, and where the page's libraries are missing."""
    outputs = [report] if html is None else [report, html]
    try:
        for path in (journal, *outputs):
            _check(path)
        _check_different(([] if manifest is None else [manifest]) + outputs, journal)
    except OSError as reason:
        raise click.UsageError(f"{reason.filename}: {reason.strerror}") from reason
    if html is not None:
        need_page_libraries()


def need_page_libraries() -> None:
    """Raise `click.UsageError` that names the extra, unless the libraries of the page are installed."""
    try:
        require_libraries()
    except ModuleNotFoundError as missing:
        raise click.UsageError(str(missing)) from missing


def report_of(journal: Path) -> Path:
    """The report of a journal that is named after its manifest."""
    manifest = journal.with_suffix("") if journal.suffix == ".journal" else journal
    return manifest.with_suffix(".report.csv")


def _default_journal(manifest: str) -> Path:
    if _is_stream(manifest):
        name = "standard input" if manifest == "-" else f"the pipe {manifest}"
        raise click.UsageError(f"reading {name} needs --journal FILE, so that the same command can continue later")
    return Path(manifest + ".journal")


def _is_stream(manifest: str) -> bool:
    """Is the manifest a pipe or standard input, with no path for files beside it?"""
    return manifest == "-" or not Path(manifest).is_file() or manifest.startswith(("/dev/", "/proc/"))


def _check(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"there is no directory {path.absolute().parent}; create it, or name another file")
    if (problem := find_problem(path)) is not None:
        raise click.UsageError(f"only a regular file can be written: {problem}")


def _check_different(others: Sequence[Path], journal: Path) -> None:
    reserved = [journal.with_name(journal.name + end) for end in _BESIDE_JOURNAL]
    for one, other in (*combinations((journal, *others), 2), *product(others, reserved)):
        if os.path.realpath(one) == os.path.realpath(other) or (
            one.exists() and other.exists() and one.samefile(other)
        ):
            raise click.UsageError(
                f"manifest, journal, report and HTML page must be different files; {one} is used twice"
            )

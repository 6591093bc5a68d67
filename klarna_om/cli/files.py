"""The three files of a job: manifest, journal and report."""

import os
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import click

from klarna_om.batch.output_file import find_problem

_BESIDE_JOURNAL = ("-wal", "-shm", "-journal", ".lock")
"""Files that SQLite and the lock keep beside a journal."""


def choose_files(manifest: str, journal: Path | None, report: Path | None) -> tuple[Path, Path]:
    """Choose the paths of journal and report; raises `click.UsageError` for a path that must not be written."""
    if manifest == "-" and sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - `<&-` does it
        raise click.UsageError("standard input is closed, so there is no manifest to read")
    if journal is None:
        journal = _default_journal(manifest)
    report = report or (journal if _is_stream(manifest) else Path(manifest)).with_suffix(".report.csv")
    try:
        for path in (journal, report):
            _check(path)
        _check_different(Path(manifest), journal, report)
    except OSError as reason:
        raise click.UsageError(f"{reason.filename}: {reason.strerror}") from reason
    return journal, report


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


def _check_different(manifest: Path, journal: Path, report: Path) -> None:
    reserved = [journal.with_name(journal.name + end) for end in _BESIDE_JOURNAL]
    for one, other in _pairs(manifest, journal, report, reserved):
        if os.path.realpath(one) == os.path.realpath(other) or (
            one.exists() and other.exists() and one.samefile(other)
        ):
            raise click.UsageError(f"manifest, journal and report must be three different files; {one} is used twice")


def _pairs(manifest: Path, journal: Path, report: Path, reserved: list[Path]) -> Iterator[tuple[Path, Path]]:
    yield from combinations((manifest, journal, report), 2)
    yield from ((path, other) for path in (manifest, report) for other in reserved)

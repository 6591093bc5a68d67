"""The three files of a job: manifest, journal and report."""

import os
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import click

from klarna_om.batch.output_file import not_regular

_BESIDE_JOURNAL = ("-wal", "-shm", "-journal", ".lock")
"""Files that SQLite and the lock keep beside a journal."""


def files_of(manifest: str, journal: Path | None, report: Path | None) -> tuple[Path, Path]:
    """Where journal and report are; raises `click.UsageError` for what must not be written."""
    if manifest == "-" and sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - `<&-` does it
        raise click.UsageError("standard input is closed, so there is no manifest to read")
    if journal is None:
        journal = _beside(manifest)
    report = report or (journal if _is_stream(manifest) else Path(manifest)).with_suffix(".report.csv")
    try:
        for path in (journal, report):
            _check(path)
        _check_different(Path(manifest), journal, report)
    except OSError as reason:
        raise click.UsageError(f"{reason.filename}: {reason.strerror}") from reason
    return journal, report


def _beside(manifest: str) -> Path:
    if _is_stream(manifest):
        name = "standard input" if manifest == "-" else f"the pipe {manifest}"
        raise click.UsageError(f"reading {name} needs --journal FILE, by which the same command goes on later")
    return Path(manifest + ".journal")


def _is_stream(manifest: str) -> bool:
    """Has the manifest no name of its own, beside which its files could be?"""
    return manifest == "-" or not Path(manifest).is_file() or manifest.startswith(("/dev/", "/proc/"))


def _check(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"there is no directory {path.absolute().parent}; make it, or name another file")
    if (problem := not_regular(path)) is not None:
        raise click.UsageError(f"only a regular file is written: {problem}")


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

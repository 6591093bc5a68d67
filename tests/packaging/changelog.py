"""The change log, read strictly: a release is a heading with a version and a day, newest first.

The readers on PyPI forgive what a check must find, such as a day that does not exist.
"""

import re
from datetime import date

from attrs import define, field
from packaging.version import Version

KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
RELEASE = re.compile(r"## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})")


class ChangelogError(Exception):
    """A line that a change log must not have, by its number."""


@define
class Release:
    """A version and its lines by kind; what is not released yet has neither version nor day."""

    version: Version | None = None
    day: date | None = None
    lines: dict[str, list[str]] = field(factory=dict)


def read_changelog(text: str) -> list[Release]:
    """What is unreleased, then the releases, newest first."""
    releases: list[Release] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            _read_line(line, releases)
        except ValueError as wrong:
            raise ChangelogError(f"CHANGELOG.md, line {number}: {wrong}") from None
    if not releases:
        raise ChangelogError("CHANGELOG.md: there is no '## Unreleased'")
    return releases


def _read_line(line: str, releases: list[Release]) -> None:
    if line.startswith("## "):
        releases.append(_release(line, releases))
    elif line.startswith("### "):
        _add_kind(line.removeprefix("### "), releases)
    elif line.startswith("- "):
        _add_line(line.removeprefix("- "), releases)
    elif line.startswith("#") and line != "# Changelog":
        raise ValueError(f"{line!r} is no heading of a change log")
    elif line and releases:
        raise ValueError("each change is one line that begins with '- '")


def _release(line: str, before: list[Release]) -> Release:
    if not before:
        if line != "## Unreleased":
            raise ValueError("the first heading must be '## Unreleased'")
        return Release()
    match = RELEASE.fullmatch(line)
    if not match:
        raise ValueError(f"{line!r} must be '## X.Y.Z - YYYY-MM-DD'")
    release = Release(Version(match[1]), date.fromisoformat(match[2]))
    newer = before[-1]
    if newer.version and release.version and release.version >= newer.version:
        raise ValueError(f"{release.version} must be older than {newer.version}, which stands above it")
    if newer.day and release.day and release.day > newer.day:
        raise ValueError(f"{release.day} is later than the day of the release above it")
    return release


def _add_kind(kind: str, releases: list[Release]) -> None:
    if not releases or kind not in KINDS:
        raise ValueError(f"'### {kind}' must be one of {', '.join(KINDS)}, under a release")
    if kind in releases[-1].lines:
        raise ValueError(f"a second '### {kind}' in one release")
    releases[-1].lines[kind] = []


def _add_line(line: str, releases: list[Release]) -> None:
    if not releases or not releases[-1].lines:
        raise ValueError("a change must stand under a heading such as '### Added'")
    if not line.endswith("."):
        raise ValueError("a change is a sentence and ends with a full stop")
    kind = next(reversed(releases[-1].lines))
    releases[-1].lines[kind].append(line)

"""The change log is one that tools and people can read."""

import pytest

from klarna_om.version import __version__
from tests.packaging.changelog import ChangelogError, read_changelog
from tests.packaging.release import CHANGELOG

HEAD = "# Changelog\n\nAll changes.\n\n## Unreleased\n\n"


def test_our_change_log_is_right_and_its_newest_release_is_our_version() -> None:
    _unreleased, *released = read_changelog(CHANGELOG.read_text("utf-8"))

    assert str(released[0].version) == __version__
    assert all(release.lines for release in released)
    assert all(lines for release in released for lines in release.lines.values())


def test_a_change_log_is_read_newest_first() -> None:
    text = f"{HEAD}### Fixed\n\n- A.\n- B.\n\n## 0.10.0 - 2026-02-01\n\n### Added\n\n- C.\n\n## 0.9.0 - 2026-01-31\n"

    unreleased, newer, older = read_changelog(text)

    assert unreleased.lines == {"Fixed": ["A.", "B."]}
    assert (str(newer.version), str(newer.day), newer.lines) == ("0.10.0", "2026-02-01", {"Added": ["C."]})
    assert (str(older.version), older.lines) == ("0.9.0", {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# Changelog\n", "no '## Unreleased'"),
        ("# Changes\n", "line 1: '# Changes' is no heading"),
        ("# Changelog\n## 0.1.0 - 2026-01-01\n", "line 2: the first heading must be '## Unreleased'"),
        (f"{HEAD}## 0.1 - 2026-01-01\n", "line 7: .* must be '## X.Y.Z - YYYY-MM-DD'"),
        (f"{HEAD}## 0.1.0 - 2026-02-30\n", "line 7: day is out of range"),
        (f"{HEAD}## 0.1.0 - 2026-01-01\n## 0.2.0 - 2025-01-01\n", "line 8: 0.2.0 must be older than 0.1.0"),
        (f"{HEAD}## 0.2.0 - 2026-01-01\n## 0.1.0 - 2026-01-02\n", "line 8: 2026-01-02 is later"),
        (f"{HEAD}### News\n", "line 7: '### News' must be one of Added"),
        (f"{HEAD}### Added\n### Added\n", "line 8: a second '### Added'"),
        (f"{HEAD}#### Added\n", "line 7: '#### Added' is no heading"),
        (f"{HEAD}- A.\n", "line 7: a change must stand under a heading"),
        (f"{HEAD}### Added\n- A\n", "line 8: .* full stop"),
        (f"{HEAD}### Added\n- A.\n  More.\n", "line 9: each change is one line"),
    ],
)
def test_what_a_change_log_must_not_have_is_named_by_its_line(text: str, problem: str) -> None:
    with pytest.raises(ChangelogError, match=problem):
        read_changelog(text)

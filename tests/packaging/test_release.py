"""Tag, version and change log of a release agree."""

import pytest

from tests.packaging.changelog import read_changelog
from tests.packaging.release import release_problems

RELEASED = "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-01-01\n\n### Added\n\n- A.\n"
OPEN = RELEASED.replace("## Unreleased\n", "## Unreleased\n\n### Added\n\n- B.\n")


def test_a_release_has_one_version_everywhere() -> None:
    assert release_problems("0.2.0", read_changelog(RELEASED), ["v0.2.0"], []) == []


@pytest.mark.parametrize(
    ("version", "log", "tags", "changes", "problem"),
    [
        ("0.3.0", RELEASED, ["v0.3.0"], [], "the newest release in CHANGELOG.md is 0.2.0"),
        ("0.2.0", OPEN, ["v0.2.0"], [], "changes under '## Unreleased'"),
        ("0.2.0", RELEASED, ["v0.1.0"], [], "no tag v0.2.0 (its tags: v0.1.0)"),
        ("0.2.0", RELEASED, [], [], "no tag v0.2.0 (its tags: none)"),
        ("0.2.0", RELEASED, ["v0.2.0"], [" M noxfile.py"], "not committed:  M noxfile.py"),
        ("0.2.0", "## Unreleased\n", ["v0.2.0"], [], "the newest release in CHANGELOG.md is none"),
    ],
)
def test_what_stands_against_a_release_is_named(
    version: str, log: str, tags: list[str], changes: list[str], problem: str
) -> None:
    (found,) = release_problems(version, read_changelog(log), tags, changes)

    assert problem in found

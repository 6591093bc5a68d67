"""Is this commit a release? `nox -s release` asks; tag, version and change log must agree."""

import subprocess
import sys
from pathlib import Path

from klarna_om.version import __version__
from tests.packaging.changelog import Release, read_changelog

ROOT = Path(__file__).parents[2]
CHANGELOG = ROOT / "CHANGELOG.md"


def release_problems(version: str, log: list[Release], tags: list[str], changes: list[str]) -> list[str]:
    """What stands against publishing a commit that has these tags, with these changes not committed."""
    unreleased, *released = log
    newest = str(released[0].version) if released else "none"
    problems = []
    if version != newest:
        problems.append(f"klarna_om/version.py has {version}, the newest release in CHANGELOG.md is {newest}")
    if unreleased.lines:
        problems.append("CHANGELOG.md has changes under '## Unreleased'; give them a version and a day")
    if f"v{version}" not in tags:
        problems.append(f"this commit has no tag v{version} (its tags: {', '.join(tags) or 'none'})")
    if changes:
        problems.append(f"files are not committed: {', '.join(changes)}")
    return problems


def _git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def main() -> None:
    """Exit 1 with every problem."""
    log = read_changelog(CHANGELOG.read_text("utf-8"))
    problems = release_problems(__version__, log, _git("tag", "--points-at", "HEAD"), _git("status", "--porcelain"))
    sys.exit("\n".join(problems) or None)


if __name__ == "__main__":
    main()

"""What pip-audit's report says about the lock file: `nox -s audit`."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.packaging.lock import LOCK, entries


def verdict(report: dict[str, Any]) -> tuple[list[str], int]:
    """The vulnerabilities that are known, and of how many releases that can be said."""
    asked = [each for each in report["dependencies"] if "skip_reason" not in each]
    found = [
        f"{each['name']} {each['version']}: {bug['id']}, fixed in {', '.join(bug['fix_versions']) or 'no release yet'}"
        for each in asked
        for bug in each["vulns"]
    ]
    return found, len(asked)


def main() -> None:
    """Exit 1 with every vulnerability, or if nothing was asked."""
    found, asked = verdict(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    pinned = len(entries(LOCK.read_text("utf-8")))
    sys.stdout.write(
        f"{asked} of {pinned} pinned releases were asked for; the others are for another Python or system.\n"
    )
    if found or not asked:
        sys.exit("\n".join(found) or "No release was asked for: nothing is known.")


if __name__ == "__main__":
    main()

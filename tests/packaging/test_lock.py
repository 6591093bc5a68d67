"""The lock file is safe to install from, and is the one of pyproject.toml."""

import ast
import re

import pytest

from tests.packaging.audit import verdict
from tests.packaging.lock import LOCK, ROOT, lock_problems, needs_of_pyproject, read_pyproject

HASH = f"--hash=sha256:{'0' * 64}"
NOXFILE = (ROOT / "noxfile.py").read_text("utf-8")


def test_our_lock_is_pinned_with_hashes_and_satisfies_pyproject() -> None:
    extras = (*ast.literal_eval(re.findall(r"^TESTED = (.*)$", NOXFILE, re.MULTILINE)[0]), "speed")

    needs = needs_of_pyproject(read_pyproject(), extras, "dev")

    assert len(needs) > 30
    assert lock_problems(LOCK.read_text("utf-8"), needs) == []


def test_a_pin_for_each_python_and_a_name_in_any_spelling_are_right() -> None:
    lock = (
        f"# made by uv\nA_b==1.0 ; python_version < '3.12' \\\n    {HASH}\na-b==2.0 ; python_version >= '3.12' \\\n"
        f"    {HASH} \\\n    {HASH}\n"
    )

    assert lock_problems(lock, ["A.B[extra]>=1.0"]) == []


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        ("a==1.0\n", "a==1.0: no hash"),
        (f"a>=1.0 {HASH}\n", "a>=1.0: not pinned to one version"),
        (f"a==1.* {HASH}\n", "a==1.*: not pinned to one version"),
        (f"a {HASH}\n", "a: not pinned to one version"),
        ("a==1.0 --hash=md5:00\n", "a==1.0: --hash=md5:00 is no SHA-256"),
        ("a @ https://example.com/a.whl\n", "a @ https://example.com/a.whl: a URL is no release of the index"),
        ("a @ git+https://example.com/a\n", "a @ git+https://example.com/a: a URL is no release of the index"),
        ("-e .\n", "-e .: neither an option nor a path may stand here, only NAME==VERSION"),
        ("--index-url x\n", "--index-url x: neither an option nor a path may stand here, only NAME==VERSION"),
    ],
)
def test_an_entry_that_is_unsafe_to_install_is_named(lock: str, problem: str) -> None:
    assert lock_problems(lock, []) == [problem]


def test_a_need_that_the_lock_does_not_satisfy_is_named() -> None:
    lock = f"a==1.0 {HASH}\n"

    assert lock_problems(lock, ["a>=1.1"]) == ["a>=1.1: the lock has 1.0; run `nox -s lock`"]
    assert lock_problems(lock, ["a<2", "b"]) == ["b: not in the lock; run `nox -s lock`"]


def test_a_report_of_known_vulnerabilities_says_what_was_asked() -> None:
    bug = {"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"], "aliases": [], "description": ""}
    report = {
        "dependencies": [
            {"name": "a", "version": "1.0", "vulns": [bug, {**bug, "id": "GHSA-2", "fix_versions": []}]},
            {"name": "b", "version": "1.0", "vulns": []},
            {"name": "c", "skip_reason": "not found"},
        ]
    }

    found, asked = verdict(report)

    assert found == ["a 1.0: PYSEC-1, fixed in 1.1, 2.0", "a 1.0: GHSA-2, fixed in no release yet"]
    assert asked == 2

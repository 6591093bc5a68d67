"""The Pythons that the project claims; `nox -s pythons` tests each of them."""

import re
from typing import Any

from packaging.specifiers import SpecifierSet

from tests.packaging.lock import ROOT, read_pyproject

PYPROJECT = read_pyproject()
PROJECT = PYPROJECT["project"]
NOXFILE = (ROOT / "noxfile.py").read_text("utf-8")
CLAIM = "Programming Language :: Python :: 3."


def claimed() -> list[int]:
    """The minor versions that have a classifier."""
    return [int(line.removeprefix(CLAIM)) for line in PROJECT["classifiers"] if line.startswith(CLAIM)]


def test_the_pythons_that_are_claimed_are_those_that_can_install_it() -> None:
    required = SpecifierSet(PROJECT["requires-python"])
    oldest, newest = claimed()[0], claimed()[-1]

    assert claimed() == list(range(oldest, newest + 1))
    assert required.contains(f"3.{oldest}.0")
    assert not required.contains(f"3.{oldest - 1}.99")


def test_each_python_that_is_claimed_and_the_next_one_have_a_session() -> None:
    next_one = re.findall(
        r'^PYTHONS = \[\*nox\.project\.python_versions\(PYPROJECT\), "3\.(\d+)"\]', NOXFILE, re.MULTILINE
    )

    assert next_one == [str(claimed()[-1] + 1)]
    assert "@nox.session(python=PYTHONS)\ndef pythons(" in NOXFILE


def test_the_tools_look_at_the_code_as_the_oldest_python_does() -> None:
    tools: dict[str, Any] = PYPROJECT["tool"]
    oldest = f"3.{claimed()[0]}"

    assert tools["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert tools["pyright"]["pythonVersion"] == oldest
    assert re.findall(r'"--python-version", "([\d.]+)"', NOXFILE) == [oldest]

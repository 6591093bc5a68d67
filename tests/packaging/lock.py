"""The lock file: each pinned release with its marker and its hashes, and what pyproject.toml asks of it."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def lock_problems(lock: str, needs: list[str]) -> list[str]:
    """What makes an installation from this lock unsafe, or another one than pyproject.toml asks for."""
    pins: dict[str, list[Requirement]] = defaultdict(list)
    problems = []
    for line in entries(lock):
        text, *hashes = re.split(r"\s+(?=--hash=)", line)
        problem = _pin_problem(text) or _hash_problem(text, hashes)
        if problem:
            problems.append(problem)
        else:
            pin = Requirement(text)
            pins[canonicalize_name(pin.name)].append(pin)
    return problems + [problem for need in needs for problem in _need_problems(Requirement(need), pins)]


def entries(lock: str) -> list[str]:
    """One line for each requirement; comments are left out."""
    joined = re.sub(r"\\\n", " ", lock)
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def _pin_problem(text: str) -> str | None:
    try:
        pin = Requirement(text)
    except InvalidRequirement:
        return f"{text}: neither an option nor a path may stand here, only NAME==VERSION"
    if pin.url:
        return f"{text}: a URL is no release of the index"
    if [each.operator for each in pin.specifier] != ["=="] or "*" in str(pin.specifier):
        return f"{text}: not pinned to one version"
    return None


def _hash_problem(text: str, hashes: list[str]) -> str | None:
    if not hashes:
        return f"{text}: no hash"
    wrong = [each for each in hashes if not HASH.fullmatch(each)]
    return f"{text}: {wrong[0]} is no SHA-256" if wrong else None


def _need_problems(need: Requirement, pins: dict[str, list[Requirement]]) -> Iterator[str]:
    found = pins.get(canonicalize_name(need.name), [])
    if not found:
        yield f"{need}: not in the lock; run `nox -s lock`"
    for pin in found:
        (version,) = (each.version for each in pin.specifier)
        if not need.specifier.contains(version, prereleases=True):
            yield f"{need}: the lock has {version}; run `nox -s lock`"


def needs_of_pyproject(pyproject: dict[str, Any], extras: tuple[str, ...], group: str) -> list[str]:
    """What `nox -s lock` compiles: the dependencies, these extras and this group with the groups in it."""
    project = pyproject["project"]
    optional = [need for extra in extras for need in project["optional-dependencies"][extra]]
    return [*project["dependencies"], *optional, *_group(pyproject["dependency-groups"], group)]


def _group(groups: dict[str, Any], name: str) -> Iterator[str]:
    for need in groups[name]:
        if isinstance(need, str):
            yield need
        else:
            yield from _group(groups, need["include-group"])


def read_pyproject() -> dict[str, Any]:
    """The project's own."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

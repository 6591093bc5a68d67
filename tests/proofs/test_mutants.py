"""The tests see the classic mistakes: each one, made in a copy of the code, fails the test that is named for it.

`nox -s mutants` makes one of each kind, `nox -s proofs` makes them all. The suite itself only looks whether each
mistake can still be made.
"""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import frozen

from tests.proofs.conftest import LONG, MUTANTS_TOO
from tests.proofs.mutants import MUTANTS, Mutant

pytestmark = pytest.mark.timeout(1800 if LONG else 300)

ROOT = Path(__file__).resolve().parents[2]
MADE = tuple(mutant for mutant in MUTANTS if LONG or (MUTANTS_TOO and mutant.of_each_kind))
AT_ONCE = 2
BROKEN = re.compile(r"\b(NameError|ImportError|ModuleNotFoundError|SyntaxError|errors? during collection)\b")


@frozen
class Run:
    """How a run of pytest ended."""

    code: int
    told: str


def copied(target: Path) -> Path:
    """The code and its tests, in another folder."""
    for folder in ("klarna_om", "tests"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__", "mutants"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def fits(mutant: Mutant) -> bool:
    """Is each old text there, and once?"""
    text = (ROOT / "klarna_om" / mutant.file).read_text("utf-8")
    return all(text.count(old) == 1 for old, _ in mutant.changes)


def changed(copy: Path, mutant: Mutant) -> None:
    file = copy / "klarna_om" / mutant.file
    text = file.read_text("utf-8")
    for old, new in mutant.changes:
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


async def python(copy: Path, *arguments: str) -> Run:
    """Run Python in a copy, with the copy's code."""
    told_apart = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "KLARNA_OM_PROOFS": "mutant"}
    environment = {**os.environ, **told_apart}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments,
        cwd=copy, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await process.communicate()
    assert process.returncode is not None
    return Run(process.returncode, told.decode(errors="replace"))


async def run_tests(copy: Path, *names: str) -> Run:
    """Run the named tests, and make sure that it is the copy that they are about."""
    where = await python(copy, "-c", "import klarna_om; print(klarna_om.__file__)")
    assert where.told.strip() == str(copy / "klarna_om" / "__init__.py")
    options = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=line", "--timeout=30")
    return await python(copy, "-m", "pytest", *options, *names)


async def all_run(folder: Path) -> Mapping[str, Run]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, mutant: Mutant) -> Run:
        async with places:
            copy = copied(folder / str(number))
            changed(copy, mutant)
            run = await run_tests(copy, mutant.caught_by)
            shutil.rmtree(copy)
            return run

    async def sane() -> Run:
        async with places:
            names = dict.fromkeys(mutant.caught_by for mutant in MADE)
            return await run_tests(copied(folder / "unchanged"), *names)

    runs = await asyncio.gather(sane(), *(one(number, mutant) for number, mutant in enumerate(MADE)))
    return dict(zip(["unchanged", *(mutant.name for mutant in MADE)], runs, strict=True))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """All of them, two at a time."""
    assert all(fits(mutant) for mutant in MADE)
    with asyncio.Runner() as runner:
        return runner.run(all_run(tmp_path_factory.mktemp("mutants")))


@pytest.mark.skipif(not MADE, reason="in a session of its own: nox -s mutants")
def test_the_code_as_it_is_passes_the_named_tests(runs: Mapping[str, Run]) -> None:
    assert runs["unchanged"].code == 0, runs["unchanged"].told


@pytest.mark.parametrize("mutant", MADE, ids=lambda mutant: mutant.name)
def test_the_mistake_is_seen(runs: Mapping[str, Run], mutant: Mutant) -> None:
    run = runs[mutant.name]

    assert run.code == 1, f"{mutant.caught_by} does not see it\n{run.told}"
    assert "1 failed" in run.told
    assert not BROKEN.search(run.told), run.told


def test_each_mistake_is_named_once_and_its_text_is_still_there() -> None:
    """Also of those that only the long run makes."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert [mutant.name for mutant in MUTANTS if not fits(mutant)] == []

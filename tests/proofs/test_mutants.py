"""The tests see the classic mistakes: each one, made in a copy of the code, fails the test that is named for it.

`nox -s mutants` makes one of each kind, `nox -s proofs` makes them all. The suite itself only checks that each
mistake can still be made, and that its test exists.
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
from tests.proofs.mutants import MUTANTS
from tests.proofs.mutants.mutant import Mutant
from tests.proofs.rewrite import rewrite

pytestmark = pytest.mark.timeout(1800 if LONG else 300)

ROOT = Path(__file__).resolve().parents[2]
SELECTED = tuple(mutant for mutant in MUTANTS if LONG or (MUTANTS_TOO and mutant.of_each_kind))
CONCURRENT_RUNS = 2
BROKEN = re.compile(r"\b(NameError|ImportError|ModuleNotFoundError|SyntaxError|errors? during collection)\b")


@frozen
class Run:
    """How a run of pytest ended."""

    code: int
    output: str


def mutated_source(mutant: Mutant) -> str:
    """The file with the mistake in it."""
    return rewrite((ROOT / "klarna_om" / mutant.file).read_text("utf-8"), mutant.changes)


def copy_project(target: Path) -> Path:
    """Copy the code and its tests to another folder."""
    for folder in ("klarna_om", "tests"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


async def run_python(copy: Path, *arguments: str) -> Run:
    """Run Python in a copy, with the copy's code."""
    settings = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "KLARNA_OM_PROOFS": "mutant"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments,
        cwd=copy, env={**os.environ, **settings}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    return Run(process.returncode, output.decode(errors="replace"))


async def run_tests(copy: Path, *names: str) -> Run:
    """Run the named tests, and make sure that they import the copy."""
    where = await run_python(copy, "-c", "import klarna_om; print(klarna_om.__file__)")
    assert where.output.strip() == str(copy / "klarna_om" / "__init__.py")
    options = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=line", "--timeout=30")
    return await run_python(copy, "-m", "pytest", *options, *names)


async def run_all(folder: Path) -> Mapping[str, Run]:
    """Run the named tests in a copy without a mistake, and each one in a copy with its mistake."""
    limit = asyncio.Semaphore(CONCURRENT_RUNS)

    async def run_mutant(number: int, mutant: Mutant) -> Run:
        async with limit:
            copy = copy_project(folder / str(number))
            (copy / "klarna_om" / mutant.file).write_text(mutated_source(mutant), "utf-8")
            run = await run_tests(copy, mutant.caught_by)
            shutil.rmtree(copy)
            return run

    async def run_unchanged() -> Run:
        async with limit:
            names = dict.fromkeys(mutant.caught_by for mutant in SELECTED)
            return await run_tests(copy_project(folder / "unchanged"), *names)

    mutant_runs = (run_mutant(number, mutant) for number, mutant in enumerate(SELECTED))
    runs = await asyncio.gather(run_unchanged(), *mutant_runs)
    return dict(zip(["unchanged", *(mutant.name for mutant in SELECTED)], runs, strict=True))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """All of them, two at a time."""
    with asyncio.Runner() as runner:
        return runner.run(run_all(tmp_path_factory.mktemp("mutants")))


@pytest.mark.skipif(not SELECTED, reason="in a separate session: nox -s mutants")
def test_the_code_as_it_is_passes_the_named_tests(runs: Mapping[str, Run]) -> None:
    run = runs["unchanged"]

    assert run.code == 0, run.output


@pytest.mark.parametrize("mutant", SELECTED, ids=lambda mutant: mutant.name)
def test_the_mistake_is_seen(runs: Mapping[str, Run], mutant: Mutant) -> None:
    run = runs[mutant.name]

    assert run.code == 1, f"{mutant.caught_by} does not see it\n{run.output}"
    assert "1 failed" in run.output
    assert not BROKEN.search(run.output), run.output


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mistake_can_still_be_made(mutant: Mutant) -> None:
    source = mutated_source(mutant)

    compile(source, mutant.file, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_test_of_each_mistake_exists(mutant: Mutant) -> None:
    file, _, name = mutant.caught_by.partition("[")[0].partition("::")

    text = (ROOT / file).read_text("utf-8")

    assert re.search(rf"^(async def |def |){name.partition('::')[0]}\b", text, re.MULTILINE)


def test_each_mistake_is_named_once() -> None:
    names = [mutant.name for mutant in MUTANTS]

    assert len(set(names)) == len(names)

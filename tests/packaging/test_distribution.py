"""The built wheel and sdist, and the wheel in an empty environment: `nox -s package` names their folder.

It imports neither the project nor its tools: they are what is being tested.
"""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIST = Path(os.environ.get("KLARNA_OM_DIST", "build/dist")).resolve()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = re.findall(r'__version__ = "(.*)"', (ROOT / "klarna_om/version.py").read_text("utf-8"))[0]
INFO = f"klarna_om-{VERSION}.dist-info"

pytestmark = pytest.mark.skipif("KLARNA_OM_DIST" not in os.environ, reason="builds wheel and sdist: nox -s package")


def tracked(folder: str = "") -> set[str]:
    """What git knows, which is all that may be published."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", folder or "."], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.strip("\0").split("\0"))


@pytest.fixture(scope="module")
def wheel() -> zipfile.ZipFile:
    (path,) = DIST.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return message_from_bytes(wheel.read(f"{INFO}/METADATA"))


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if not name.startswith(f"{INFO}/")}

    assert names == tracked("klarna_om")
    assert {"klarna_om/py.typed", "klarna_om/batch/page/page.css", "klarna_om/batch/page/page.html.j2"} <= names


def test_the_metadata_are_those_of_the_project(wheel: zipfile.ZipFile, metadata: Message) -> None:
    assert metadata["Version"] == VERSION
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert wheel.read(f"{INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert sorted(metadata.get_all("Classifier", [])) == sorted(PROJECT["classifiers"])
    assert sorted(metadata.get_all("Provides-Extra", [])) == sorted(PROJECT["optional-dependencies"])


def test_the_sdist_has_every_file_of_the_repository_and_no_other() -> None:
    (path,) = DIST.glob("*.tar.gz")
    with tarfile.open(path) as sdist:
        names = {member.name.removeprefix(f"klarna_om-{VERSION}/") for member in sdist.getmembers()}

    assert names == tracked() | {"PKG-INFO"}


def test_the_sdist_makes_the_very_wheel_that_the_repository_makes() -> None:
    (from_sdist,) = DIST.glob("*.whl")
    (from_repository,) = DIST.glob("repository/*.whl")

    assert from_sdist.name == from_repository.name
    assert from_sdist.read_bytes() == from_repository.read_bytes()


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KLARNA", "PYTHON", "VIRTUAL"))}
    return subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment with nothing in it, and outside of the repository."""
    folder = tmp_path_factory.mktemp("empty")
    created = run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    assert created.returncode == 0, created.stderr
    return folder


def install(folder: Path, extras: str = "") -> None:
    (path,) = DIST.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin/python")
    ended = run(*pip, "install", "--quiet", f"{path}{extras}", cwd=folder)
    assert ended.returncode == 0, ended.stderr


def test_in_an_empty_environment_the_wheel_imports_and_runs_the_demo(empty: Path) -> None:
    names = "import klarna_om; [getattr(klarna_om, name) for name in klarna_om.__all__]; print(klarna_om.__version__)"
    install(empty)

    imported = run(empty / "bin/python", "-W", "error", "-c", names, cwd=empty)
    without_extra = run(empty / "bin/klarna-om", "demo", cwd=empty)
    install(empty, "[cli]")
    version = run(empty / "bin/klarna-om", "--version", cwd=empty)
    demo = run(empty / "bin/klarna-om", "demo", cwd=empty)

    assert imported.stdout == f"{VERSION}\n", imported.stderr
    assert "pip install 'klarna-om[cli]'" in without_extra.stderr
    assert VERSION in version.stdout
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert re.search(r"acknowledged twice\s+0\n", demo.stdout)
    assert re.search(r"lost\s+0\n", demo.stdout)

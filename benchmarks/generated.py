"""Clients that two generators make from Klarna's specification, in a temporary directory, at run time.

The specification is Klarna's and lies beside the checkout; where it or a generator is absent, `Absent` says so.
"""

import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

SPECIFICATION = Path(__file__).resolve().parents[2] / "shared" / "klarna" / "openapi.json"


class Absent(Exception):
    """A contender cannot take part; the message says why."""


def openapi_python_client(package: str = "klarna_by_opc") -> str:
    """Make the client of openapi-python-client (httpx and attrs); the name of its package."""
    directory = _directory()
    _generate(
        "openapi-python-client", "generate", "--path", str(SPECIFICATION), "--meta", "none",
        "--output-path", str(directory / package),
    )  # fmt: skip
    return package


def openapi_generator(package: str = "klarna_by_oag") -> str:
    """Make the asyncio client of openapi-generator (aiohttp and pydantic); the name of its package."""
    directory = _directory()
    _generate(
        "openapi-generator-cli", "generate", "--generator-name", "python", "--library", "asyncio", "--input-spec",
        str(SPECIFICATION), "--output", str(directory), "--package-name", package, "--skip-validate-spec",
    )  # fmt: skip
    return package


def module(name: str) -> ModuleType:
    """Import a module that may not be installed."""
    try:
        return importlib.import_module(name)
    except ImportError as reason:
        raise Absent(f"{reason.name or name} is not installed") from reason


def _directory() -> Path:
    """A directory on the import path, which is removed when this process ends."""
    if not SPECIFICATION.exists():
        raise Absent("Klarna's openapi.json does not lie beside this checkout")
    directory = tempfile.TemporaryDirectory(prefix="klarna-om-generated-")
    _kept.append(directory)
    sys.path.insert(0, directory.name)
    return Path(directory.name)


_kept: list["tempfile.TemporaryDirectory[str]"] = []


def _generate(*command: str) -> None:
    beside = Path(sys.executable).parent
    generator = shutil.which(command[0], path=str(beside)) or shutil.which(command[0])
    if generator is None:
        raise Absent(f"{command[0]} is not installed")
    done = subprocess.run([generator, *command[1:]], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Absent(f"{command[0]} failed: {' '.join(last)}")

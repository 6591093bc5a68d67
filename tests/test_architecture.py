"""The architecture: imports point down, every package has its layer, and importing the client is light."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest

import klarna_om

ROOT = Path(klarna_om.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

LAYERS = (
    "cli",
    "engines live outbox",
    "batch otel sandbox webhooks",
    "web",
    "__init__",
    "workflows",
    "client",
    "endpoints raw_request",
    "catalogue",
    "client_stack operation",
    "http arguments extensions",
    "options telemetry",
    "middleware",
    "hooks",
    "checks pace retry",
    "answers settings",
    "errors",
    "headers log_fields",
    "exchange keys",
    "lifecycle outcome rate_limit",
    "money structuring",
    "types",
    "cancellation clock ids send_check version",
)
"""The packages and modules from the highest layer to the lowest; those of one layer do not import each other."""

TESTS = Path(__file__).parent
LONGEST_TEST_NAME = 79

LAYER_OF = {package: number for number, packages in enumerate(LAYERS) for package in packages.split()}


def package_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("klarna_om"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from names if node.module == "klarna_om" else [node.module or ""]
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("klarna_om"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0].removesuffix(".py")

    for module in imports(path):
        other = package_of(module)
        assert package == other or LAYER_OF[package] < LAYER_OF[other], f"{package} must not import {other}"


def test_every_package_has_its_layer() -> None:
    packages = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in FILES}

    assert packages == set(LAYER_OF)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_a_title_and_fits_in_a_readers_head(path: Path) -> None:
    text = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(text)), "the first line must state what the file is"
    assert text.count("\n") <= 300
    assert path.stem not in {"utils", "helpers", "base", "common", "constants"}


def test_the_name_of_a_test_fits_in_a_line() -> None:
    nodes = [node for path in TESTS.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    too_long = [name for name in names if name.startswith("test_") and len(name) > LONGEST_TEST_NAME]

    assert too_long == []


def files_with(code: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in FILES if code in path.read_text("utf-8")}


def test_only_the_client_and_the_sandboxs_pushes_create_an_aiohttp_session() -> None:
    assert files_with("= aiohttp.ClientSession(") == {"http/session.py", "sandbox/push_sender.py"}
    assert files_with("session.request(") == {"http/transport.py"}


def test_importing_the_client_is_light() -> None:
    code = "import sys, klarna_om; klarna_om.KlarnaClient; print(*sys.modules)"
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}

    python = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unmeasured)
    loaded = set(python.stdout.split())

    heavy = {"click", "rich", "aiohttp.web", "starlette", "sqlite3", "pytest", "cattrs", "hypothesis", "uvloop", "csv"}
    packages = {package_of(name) for name in loaded if name.startswith("klarna_om.")}
    assert loaded & heavy == set()
    assert {"batch", "sandbox", "cli", "web", "webhooks"} & packages == set()


def test_middlewares_do_not_import_each_other() -> None:
    for path in (ROOT / "middleware").glob("*.py"):
        known = {module for module in imports(path) if module.startswith("klarna_om.middleware.")}
        assert known <= {"klarna_om.middleware.key_guard", "klarna_om.middleware.retried_call"}
        if path.stem == "__init__":
            assert not known


def test_every_public_name_is_documented() -> None:
    undocumented = [
        name
        for name in klarna_om.__all__
        if isinstance(getattr(klarna_om, name), type | FunctionType)
        and not (getattr(klarna_om, name).__doc__ or "").strip()
    ]

    assert undocumented == []

"""The house stands: imports point down, rooms are named, and importing it is light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest

import klarna_om

ROOT = Path(klarna_om.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

FLOORS = (
    "cli",
    "outbox",
    "batch sandbox",
    "__init__",
    "workflows",
    "client",
    "endpoints",
    "catalogue",
    "operation",
    "http arguments",
    "options",
    "middleware",
    "checks pace retry",
    "answers settings",
    "errors",
    "log_fields",
    "exchange keys",
    "outcome rate_limit",
    "money structuring",
    "types",
    "clock ids send_check version",
)
"""The rooms from the roof to the cellar; rooms on one floor do not know each other."""

TESTS = Path(__file__).parent
LONGEST_TEST_NAME = 79
NOT_YET_SHORT = ("batch", "cli")
"""Folders of tests that still may have longer names."""

FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms.split()}


def room_of(module: str) -> str:
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
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for module in imports(path):
        other = room_of(module)
        assert room == other or FLOOR_OF[room] < FLOOR_OF[other], f"{room} must not know {other}"


def test_every_room_has_its_floor() -> None:
    rooms = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in FILES}

    assert rooms == set(FLOOR_OF)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_a_title_and_fits_in_a_readers_head(path: Path) -> None:
    text = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(text)), "the first line says what the file is"
    assert text.count("\n") <= 300
    assert path.stem not in {"utils", "helpers", "base", "common", "constants"}


def test_the_name_of_a_test_fits_in_a_line() -> None:
    files = [path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).parts[0] not in NOT_YET_SHORT]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    too_long = [name for name in names if name.startswith("test_") and len(name) > LONGEST_TEST_NAME]

    assert too_long == []


def test_only_the_transport_and_the_connection_know_aiohttps_session() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if "= aiohttp.ClientSession(" in path.read_text("utf-8") or "session.request(" in path.read_text("utf-8")
    }

    assert knowing == {"http/session.py", "http/transport.py"}


def test_importing_the_client_is_light() -> None:
    code = "import sys, klarna_om; klarna_om.KlarnaClient; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )

    heavy = {"click", "rich", "aiohttp.web", "sqlite3", "pytest", "cattrs", "hypothesis", "uvloop", "csv"}
    assert loaded & heavy == set()
    assert {"batch", "sandbox", "cli"} & {room_of(name) for name in loaded if name.startswith("klarna_om.")} == set()


def test_the_middlewares_do_not_know_each_other() -> None:
    for path in (ROOT / "middleware").glob("*.py"):
        known = {module for module in imports(path) if module.startswith("klarna_om.middleware.")}
        assert known <= {"klarna_om.middleware.key_guard"}
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

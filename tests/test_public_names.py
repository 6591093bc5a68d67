"""The public names are loaded when they are first used, and type checkers know them too."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import klarna_om


def loaded_by(code: str) -> set[str]:
    """The modules of ours that a program loads."""
    process = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {name for name in process.stdout.split() if name.startswith("klarna_om")}


def test_importing_the_package_loads_nothing_else() -> None:
    assert loaded_by("import klarna_om") == {"klarna_om"}


def test_asking_for_the_client_loads_it() -> None:
    assert "klarna_om.client" in loaded_by("from klarna_om import KlarnaClient")


@pytest.mark.parametrize("name", klarna_om.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(klarna_om, name) is not None
    assert name in dir(klarna_om)


def test_a_name_that_is_none_of_ours_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Oder'"):
        klarna_om.Oder  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_see_the_same_names_in_the_same_places() -> None:
    seen = {
        alias.name: node.module
        for node in ast.walk(ast.parse(Path(klarna_om.__file__).read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("klarna_om")
        for alias in node.names
    }

    assert seen == klarna_om._HOME_OF
    assert sorted(seen) == sorted(klarna_om.__all__)

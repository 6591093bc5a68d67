"""The extra is needed where it is imported, and nowhere else."""

import importlib
import subprocess
import sys

import pytest


@pytest.fixture
def _not_yet_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("klarna_om.otel")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("_not_yet_imported")
def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'klarna-om\[otel\]'"):
        importlib.import_module("klarna_om.otel")


@pytest.mark.usefixtures("_not_yet_imported")
def test_any_other_missing_module_is_named_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "klarna_om.catalogue", None)

    with pytest.raises(ModuleNotFoundError, match=r"klarna_om\.catalogue"):
        importlib.import_module("klarna_om.otel")


def test_the_client_does_not_load_it() -> None:
    code = "import sys, klarna_om; klarna_om.KlarnaClient('eu', api_key='k'); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not [name for name in ended.stdout.split() if name.startswith("opentelemetry")]

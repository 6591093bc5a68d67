"""The extras are needed where they are imported, and the error names them."""

import importlib
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("klarna_om.batch.postgres", "psycopg_pool", "postgres"),
        ("klarna_om.engines.procrastinate", "procrastinate", "procrastinate"),
        ("klarna_om.engines.taskiq", "taskiq_aio_pika", "taskiq"),
    ],
)
def test_without_the_package_the_error_names_the_extra(
    module: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(module)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ImportError, match=rf"pip install 'klarna-om\[{extra}\]'"):
        importlib.import_module(module)

"""The reference has every public name."""

from importlib import import_module

import pytest

from tests.docs.reference import DOCUMENTED

PACKAGES = [
    "klarna_om",
    "klarna_om.batch",
    "klarna_om.batch.postgres",
    "klarna_om.engines.procrastinate",
    "klarna_om.lifecycle",
    "klarna_om.money",
    "klarna_om.otel",
    "klarna_om.outbox",
    "klarna_om.sandbox",
    "klarna_om.structuring",
    "klarna_om.web",
    "klarna_om.webhooks",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_an_entry(package: str) -> None:
    names = {f"{package}.{name}" for name in import_module(package).__all__ if name != "__version__"}

    assert names - DOCUMENTED == set()


def test_every_entry_is_there() -> None:
    for name in DOCUMENTED:
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute), name

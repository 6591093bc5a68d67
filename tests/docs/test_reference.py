"""The reference has every public name."""

import re
from importlib import import_module

import pytest

from tests.docs.pages import PAGES

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
DIRECTIVE = r"^\.\. (?:auto(?:class|data|exception|function)|data):: (\S+)$"
DOCUMENTED = {
    name
    for page, text in PAGES.items()
    if page.startswith("reference/")
    for name in re.findall(DIRECTIVE, text, re.MULTILINE)
}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_an_entry(package: str) -> None:
    names = {f"{package}.{name}" for name in import_module(package).__all__ if name != "__version__"}

    assert names - DOCUMENTED == set()


def test_every_entry_is_there() -> None:
    for name in DOCUMENTED:
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute), name

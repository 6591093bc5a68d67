"""A sandbox, a manifest of its orders, and commands that run against it."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.group import group
from klarna_om.sandbox import Sandbox
from klarna_om.types import Order
from tests.cli.terminals import settings_of

Acknowledge = Callable[..., Result]
OrderCommand = Callable[..., Result]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(orders=30, limit=None) as served:
        yield served


@pytest.fixture
def order_command(klarna_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> OrderCommand:
    """Run a command of `klarna-om order` without a terminal; a wait between attempts takes no time."""
    for name, value in settings_of(klarna_sandbox).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("klarna_om.http.session.HttpSession.sleep", lambda *_: asyncio.sleep(0))

    def run(name: str, order: Order, *arguments: str) -> Result:
        return CliRunner().invoke(group, ["order", name, order.order_id or "", *arguments])

    return run


@pytest.fixture
def acknowledge(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acknowledge:
    """Run the command in its own directory, against the sandbox."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", sandbox.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", "sandbox")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "sandbox")
    monkeypatch.delenv("KLARNA_OM_API_KEY", raising=False)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(
            group, ["acknowledge", *(["orders.csv"] if stdin is None else []), *arguments], input=stdin
        )

    return run


@pytest.fixture
def manifest(sandbox: Sandbox, tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("order_id\n" + "".join(f"{each}\n" for each in sandbox.order_ids))
    return path

"""A sandbox, a manifest of its orders, and commands that run against it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.group import group
from klarna_om.sandbox import Sandbox

Acknowledge = Callable[..., Result]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(orders=30, limit=None) as served:
        yield served


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

"""`klarna-om demo` in small: a real sandbox, a real batch, a real kill, and counts that add up."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from klarna_om.cli import demo
from klarna_om.cli.demo_counts import Counts
from klarna_om.cli.group import group


def counts_in(output: str) -> dict[str, int]:
    return {name.strip(): int(count) for name, count in re.findall(r"^([a-zA-Z' ]+?) +(\d+)$", output, re.MULTILINE)}


def test_the_demo_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    (tmp_path / "orders.csv.journal").write_text("of an earlier demo")

    result = CliRunner().invoke(
        group, ["demo", "--orders", "60", "--keep", str(tmp_path), "--faults", "error-after=0.3"]
    )

    counts = counts_in(result.output)
    assert result.exit_code == 0, result.output
    assert (
        counts["orders in the manifest"] == counts["acknowledged on the server"] == counts["done in the report"] == 60
    )
    assert (counts["acknowledged twice"], counts["lost"]) == (0, 0)
    assert counts["of them repeats"] > 0
    assert counts["answered from Klarna's key store"] > 0
    assert (tmp_path / "orders.report.csv").exists()
    assert str(tmp_path / "orders.csv.journal") in result.output


@pytest.mark.parametrize(("orders", "more_than_once"), [(1, 0), (2, 1)])
def test_an_order_lost_or_acknowledged_twice_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, orders: int, more_than_once: int
) -> None:
    counts = Counts(requests=9, faults=0, replayed=0, orders=orders, more_than_once=more_than_once)
    monkeypatch.setattr(demo, "fetch_counts", lambda url: counts)

    result = CliRunner().invoke(group, ["demo", "--orders", "2", "--faults", "none"])

    assert result.exit_code == 1
    assert counts_in(result.output)["acknowledged twice"] == more_than_once


def test_a_sandbox_that_does_not_start_is_an_error() -> None:
    result = CliRunner().invoke(group, ["demo", "--faults", "earthquake"])

    assert result.exit_code == 1
    assert "the sandbox did not start" in result.output

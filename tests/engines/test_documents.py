"""What docs/many-machines.md shows works."""

import re
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from procrastinate import App, PsycopgConnector

from klarna_om import KlarnaClient
from klarna_om.batch.postgres import Database
from klarna_om.batch.totals import Totals
from klarna_om.cli.group import group
from klarna_om.sandbox import Sandbox
from tests.engines.jobs import orders, submit_rows, totals

PAGE = (Path(__file__).parents[2] / "docs/many-machines.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("line", [line[2:] for block in blocks("console") for line in block.splitlines()])
def test_each_command_exists(line: str) -> None:
    words = line.split()
    if words[0] != "klarna-om":
        assert words[0] == "export"
        return
    found: click.Command = group
    context = click.Context(group, info_name="klarna-om")
    for word in words[1:]:
        if isinstance(found, click.Group) and not word.startswith("--"):
            found = found.get_command(context, word) or pytest.fail(f"{line}: no such command")
    options = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_queries_run(journals: str) -> None:
    with psycopg.connect(journals) as connection:
        for block in blocks("sql"):
            connection.execute(block.encode())


async def test_the_programs_run(
    database: Database, sandbox: Sandbox, klarna: KlarnaClient, journals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/many-machines.md", "exec"), names)
    for name, value in {"ENVIRONMENT": sandbox.url, "USERNAME": "sandbox", "PASSWORD": "sandbox"}.items():
        monkeypatch.setenv(f"KLARNA_OM_{name}", value)
    job = await submit_rows(database, sandbox, orders(sandbox, 12))
    app = App(connector=PsycopgConnector(conninfo=journals), worker_defaults={"wait": False})
    rows = [{"order_id": order_id, "captured_amount": 1, "reference": "r"} for order_id in orders(sandbox, 3)]

    await names["run_worker"](app, journals)
    summary = await names["run_nightly"](klarna, journals, rows)

    assert await totals(database, job) == Totals(done=12)
    assert summary.totals == Totals(done=3)

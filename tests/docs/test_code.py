"""Every block of code under docs/ works: a new page's too, from the day it is there."""

import ast
import asyncio
import inspect
import json
import re
import sqlite3
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from attrs import evolve

from klarna_om import KlarnaClient
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.cli.group import group
from klarna_om.outbox import create_schema
from klarna_om.sandbox import Sandbox
from klarna_om.settings import environment
from tests.docs.pages import PAGES, ROOT, RUN_ELSEWHERE, blocks, with_blocks

KNOWN = {"console", "javascript", "json", "python", "shell", "sql", "text", "toml", "yaml"}
COMMANDS = [
    (page, line.removeprefix("$ ").partition(" #")[0])
    for page in with_blocks("console")
    for block in blocks(page, "console")
    for line in block.splitlines()
    if line.startswith("$ klarna-om")
]
SOCKS = {"name": "Socks", "reference": "SKU-1", "quantity": 2, "unit_price": 200, "total_amount": 400}
SHOES = {"name": "Shoes", "reference": "SKU-2", "quantity": 1, "unit_price": 600, "total_amount": 600}


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """The sandbox in the place of every host, with the credentials that the pages show."""
    async with Sandbox(username="K123_shop", password="...", limit=None) as served:
        hosts = {name: evolve(known, base_url=served.url) for name, known in environment.ENVIRONMENTS.items()}
        monkeypatch.setattr(environment, "ENVIRONMENTS", hosts)
        for name, value in {"ENVIRONMENT": "eu-playground", "USERNAME": "K123_shop", "PASSWORD": "..."}.items():
            monkeypatch.setenv(f"KLARNA_OM_{name}", value)
        yield served


@pytest.mark.parametrize("page", [page for page in with_blocks("python") if page not in RUN_ELSEWHERE])
async def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    order = sandbox.order(order_amount=1000, order_lines=[SOCKS, SHOES])
    async with sandbox.client() as klarna:
        names: dict[str, Any] = {"klarna": klarna, "order_id": order.order_id, "__name__": "__main__"}

        for block in blocks(page, "python"):
            await run(block, page, names)

        await call_what_is_only_defined(names, klarna, sandbox)


async def run(block: str, page: str, names: dict[str, Any]) -> None:
    if "asyncio.run(" in block:
        await asyncio.to_thread(exec, compile(block, page, "exec"), {"__name__": "__main__"})
        return
    result = eval(compile(block, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.isawaitable(result):
        await result


async def call_what_is_only_defined(names: dict[str, Any], klarna: KlarnaClient, sandbox: Sandbox) -> None:
    """The functions of the index and of the migration, each with an order of its own."""
    order_id = sandbox.order(order_amount=1000).order_id or ""
    if "parcel_left" in names:
        first = await names["parcel_left"](order_id, 1000, "shipment-7")
        assert await names["parcel_left"](order_id, 1000, "shipment-7") == first
        assert sandbox.effects(order_id, "captures.create") == 1
    if "capture_by_hand" in names:
        assert await names["capture_by_hand"](sandbox.url, "K123_shop", "...", order_id, 300)
        assert await names["capture"](klarna, order_id, 700, "shipment-7")
        assert sandbox.effects(order_id, "captures.create") == 2


@pytest.mark.parametrize(("page", "file"), RUN_ELSEWHERE.items())
def test_a_page_that_is_run_elsewhere_is_read_there(page: str, file: str) -> None:
    assert page in PAGES
    assert f"docs/{page}.md" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_each_command_exists_with_its_options(page: str, command: str) -> None:
    words = command.split()[1:]
    found: click.Command = group
    context = click.Context(group, info_name="klarna-om")
    while isinstance(found, click.Group) and words and not words[0].startswith("--"):
        inner = found.get_command(context, words[0])
        if inner is None and found.invoke_without_command:
            break
        found = inner or pytest.fail(f"{page}: {command}: no such command")
        words.pop(0)
    options = {option for parameter in found.params for option in parameter.opts}

    assert {word for word in words if word.startswith("--")} <= options


async def test_the_queries_to_a_journal_run(tmp_path: Path) -> None:
    async with SqliteJournal.open(tmp_path / "captures.journal", "captures.create"):
        pass
    connection = sqlite3.connect(tmp_path / "captures.journal")

    for block in blocks("batch", "sql"):
        connection.executescript(block)

    connection.close()


async def test_the_query_to_an_outbox_runs(postgres: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres) as connection:
        await create_schema(connection)
        for block in blocks("operations", "sql"):
            await connection.execute(block.encode())


def test_queries_are_on_pages_whose_queries_run() -> None:
    assert set(with_blocks("sql")) == {"batch", "many-machines", "operations"}


def test_what_is_no_program_can_be_parsed() -> None:
    for page in PAGES:
        for block in blocks(page, "json"):
            assert json.loads(block)
        for block in blocks(page, "toml"):
            assert tomllib.loads(block)


def test_every_block_has_a_language_that_is_checked() -> None:
    for page, text in PAGES.items():
        opened = re.findall(r"^```(\S*)", text, re.MULTILINE)[::2]
        assert {language for language in opened if not language.startswith("{")} <= KNOWN, page

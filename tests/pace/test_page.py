"""What docs/pace.md shows works."""

import re
from pathlib import Path
from typing import Any

import pytest

from klarna_om.pace.find_pace import VARIABLE, find_pace
from klarna_om.pace.postgres_sql import SCHEMA
from klarna_om.sandbox import Sandbox

PAGE = (Path(__file__).parents[2] / "docs/pace.md").read_text(encoding="utf-8")
CLIENT, PROGRAM = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


async def test_the_client_is_one() -> None:
    names: dict[str, Any] = {}

    exec(compile(CLIENT, "docs/pace.md", "exec"), names)

    await names["klarna"].aclose()


async def test_the_program_reads_orders(monkeypatch: pytest.MonkeyPatch, postgres_server: str) -> None:
    names: dict[str, Any] = {}
    exec(compile(PROGRAM, "docs/pace.md", "exec"), names)

    async with Sandbox() as sandbox:
        for name, value in {"ENVIRONMENT": sandbox.url, "USERNAME": "sandbox", "PASSWORD": "sandbox"}.items():
            monkeypatch.setenv(f"KLARNA_OM_{name}", value)
        ids = [sandbox.order().order_id for _ in range(2)]
        orders = await names["read"](postgres_server, *ids)

    assert [order.order_id for order in orders] == ids


@pytest.mark.parametrize("value", re.findall(rf"{VARIABLE}=(\S+)|# or (\S+),|, or (redis\S+)", PAGE))
async def test_each_value_is_one_of_the_variable(value: tuple[str, ...]) -> None:
    found = find_pace("".join(value))

    assert found.chosen is not None
    if found.opened is not None:
        await found.opened.aclose()


def test_the_table_is_the_one_that_is_made() -> None:
    assert "`klarna_om.pace`" in PAGE
    assert "klarna_om.pace (" in SCHEMA

"""docs/sandbox.md is true: its code runs, its commands and endpoints exist."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import click
import pytest

from klarna_om.cli.sandbox import command
from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.faults import KINDS
from klarna_om.sandbox.gateway_pages import GATEWAY_PAGES
from klarna_om.settings.environment import find_environment
from tests.sandbox.shop import Shop

PAGE = (Path(__file__).parents[2] / "docs/sandbox.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


async def test_the_code_runs_from_top_to_bottom(klarna_sandbox: Sandbox, shop: Shop) -> None:
    names: dict[str, Any] = {}

    for block in blocks("python"):
        result = eval(compile(block, "sandbox.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        if inspect.isawaitable(result):
            await result
    await names["test_a_push_is_answered"](klarna_sandbox, shop.url)


@pytest.mark.parametrize("line", "".join(blocks("console")).splitlines())
def test_each_command_exists_with_its_options(line: str) -> None:
    words = line.removeprefix("$ klarna-om sandbox ").split()
    found: click.Command = command
    if not words[0].startswith("--"):
        found = command.commands[words.pop(0)]
    options = {option for parameter in found.params for option in parameter.opts}

    assert {word for word in words if word.startswith("--")} <= options


def test_each_page_of_a_gateway_is_named() -> None:
    text = PAGE.partition("Answers of somebody else")[2].partition("```")[0]

    named = set(re.findall(r"`([a-z]+-\d+)`", text))

    assert named == {*GATEWAY_PAGES, "html-502"}
    assert named <= set(KINDS)


def test_the_environment_of_another_container_is_accepted() -> None:
    (wanted,) = re.findall(r"KLARNA_OM_ENVIRONMENT: (\S+)", PAGE)

    assert find_environment(wanted).is_sandbox

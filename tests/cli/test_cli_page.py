"""The page about the command line is true: its commands and options exist, its log line is one."""

import json
import re
from pathlib import Path

import click
import pytest

from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.group import group
from klarna_om.cli.order import COMMANDS
from tests.test_readme import leaves

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
SHOWN = re.findall(r"^\$ (klarna-om .*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", SHOWN)
def test_each_command_that_is_shown_can_be_parsed(line: str) -> None:
    name, command = next((name, found) for name, found in leaves(group, "klarna-om") if line.startswith(f"{name} "))

    context = command.make_context(name, line.removeprefix(f"{name} ").split())

    assert context.params["order_id"] == "7849fd84-47dc-4919-a7ce-47b9f461562f"


def test_each_command_for_one_order_is_shown() -> None:
    assert {line.split()[2] for line in SHOWN} == set(COMMANDS)


def test_each_option_that_is_named_exists() -> None:
    named = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--help"}
    existing = {
        option
        for _, command in leaves(group, "klarna-om")
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }

    assert named <= existing


def test_the_exit_codes_are_those_of_the_code() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}

    assert codes == set(ExitCode) - {ExitCode.STOPPED}


def test_the_log_line_that_is_shown_is_json() -> None:
    (line,) = re.findall(r"^```json\n(.*)\n```", PAGE, re.MULTILINE)

    assert json.loads(line)["klarna_result"] == "201"

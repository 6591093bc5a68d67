"""The README is true: its code runs, its commands work, nothing it names is missing."""

import ast
import asyncio
import inspect
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from attrs import evolve

from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.group import COMMANDS, group
from klarna_om.sandbox import Sandbox
from klarna_om.settings import environment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ORDER_ID = "7849fd84-47dc-4919-a7ce-47b9f461562f"
SHIPPED_ORDER_ID = "5c3f2a76-1f7e-4b0b-9a55-0f6f0d1c2b3a"
OTHER_ORDER_ID = "0b1a5e2c-9d3f-4c68-8f6a-2f4f3a1f7c55"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    return [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The sandbox in the place of Klarna's own hosts, with the credentials that the README shows."""
    async with Sandbox(
        orders=3, username="K123_shop", password="...", api_key="klarna_live_api_...", limit=None
    ) as served:
        hosts = {name: evolve(known, base_url=served.url) for name, known in environment.ENVIRONMENTS.items()}
        monkeypatch.setattr(environment, "ENVIRONMENTS", hosts)
        yield served


async def test_the_code_runs_from_top_to_bottom(
    sandbox: Sandbox, klarna_sandbox: Sandbox, pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    order = sandbox.order(order_id=ORDER_ID, order_amount=1000, extra_fields={"a_field_that_is_new": 1})
    shipped = sandbox.order(order_id=SHIPPED_ORDER_ID, order_amount=700)
    other = sandbox.order(order_id=OTHER_ORDER_ID, order_amount=900)
    names: dict[str, Any] = {"order_id": ORDER_ID, "pool": pool}
    clients = []

    for block in blocks("python"):
        if "asyncio.run(" in block:
            await asyncio.to_thread(exec, compile(block, "README.md", "exec"), {"__name__": "__main__"})
            continue
        code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.isawaitable(result):
            await result
        clients.append(names["klarna"])
        if clients[-1]._shared.http._closed.is_set():
            names["klarna"] = environment_client(sandbox)

    assert sandbox.effects(order.order_id, "captures.create") == 1
    assert sandbox.effects(shipped.order_id, "captures.create") == 1
    assert names["intent"].state == "done"
    assert sandbox.get(other.order_id or "").remaining_authorized_amount == 0
    assert await names["refund"](names["klarna"], ORDER_ID, 100, "return-1")
    assert await names["refund"](names["klarna"], ORDER_ID, 10_000, "return-2") is None
    await names["test_a_parcel_that_leaves_is_captured_once"](klarna_sandbox)
    assert names["summary"].totals.done == len(names["order_ids"])
    assert names["refunded"].totals.done == 1
    for client in [*clients, names["klarna"]]:
        await client.aclose()


def environment_client(sandbox: Sandbox) -> Any:
    from klarna_om import KlarnaClient

    return KlarnaClient(sandbox.url, username=sandbox.username, password=sandbox.password)


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("klarna-om")])
def test_each_command_that_is_shown_exists_with_its_options(command: str) -> None:
    words = command.split()[1:]
    found: click.Command = group
    context = click.Context(group, info_name="klarna-om")
    while isinstance(found, click.Group) and words and not words[0].startswith("--"):
        found = found.get_command(context, words.pop(0)) or pytest.fail(f"{command}: no such command")
    options = {option for parameter in found.params for option in parameter.opts}

    assert {word for word in words if word.startswith("--")} <= options


def leaves(found: click.Command, name: str) -> list[tuple[str, click.Command]]:
    if not isinstance(found, click.Group):
        return [(name, found)]
    context = click.Context(found)
    own = [(name, found)] if found.invoke_without_command else []
    inner = [(word, found.get_command(context, word)) for word in found.list_commands(context)]
    return own + [leaf for word, command in inner if command for leaf in leaves(command, f"{name} {word}")]


@pytest.mark.parametrize(("name", "command"), leaves(group, "klarna-om"), ids=lambda value: str(value)[:40])
def test_each_command_has_help_with_an_example_and_stands_in_the_readme(name: str, command: click.Command) -> None:
    assert command.help
    assert name in (command.epilog or "")
    assert "Example" in (command.epilog or "")
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))
    assert name in README or name.startswith("klarna-om batch ")


def test_the_list_of_commands_is_the_folder() -> None:
    files = {path.stem for path in (ROOT / "klarna_om/cli").glob("*.py")}

    assert set(COMMANDS) <= files


def test_the_exit_codes_are_those_of_the_code() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}

    assert documented == {int(code) for code in ExitCode}


def test_every_file_and_folder_that_is_named_exists() -> None:
    for name in re.findall(r"^\| .*\| `([a-z_/.]+)`", README, re.MULTILINE):
        assert (ROOT / "klarna_om" / name).exists(), name
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.skipif("KLARNA_OM_README_COMMANDS" not in os.environ, reason="installs from nothing: nox -s readme")
@pytest.mark.timeout(600)
def test_the_main_job_works_in_a_clone_with_nothing_installed(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    (command,) = (line for line in commands() if line.endswith("klarna-om demo"))
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}

    ended = subprocess.run(command, shell=True, cwd=clone, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"acknowledged twice\s+0\n", ended.stdout)
    assert re.search(r"lost\s+0\n", ended.stdout)
    shutil.rmtree(clone)


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    (command,) = (line for line in commands() if line.endswith("nox -s tests"))
    script = (ROOT / ".ci/run").read_text("utf-8")

    assert all(step in script for step in command.split(" && "))

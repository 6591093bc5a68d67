"""`--pace` on the commands that call Klarna: with whom they share the merchant's limit."""

import asyncio
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.connection_options import connection_arguments, connection_options
from klarna_om.cli.group import group
from klarna_om.pace import machine_file
from klarna_om.pace.find_pace import VARIABLE
from tests.support.calls import ORDER_ID
from tests.support.wire import Wire


@click.command()
@connection_options
def show() -> None:
    click.echo(connection_arguments().get("pace", "nothing"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(show, arguments)


@pytest.fixture(autouse=True)
def variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)


def test_a_command_shares_the_pace_of_the_machine() -> None:
    assert run().output == "machine\n"


def test_where_the_platform_has_no_locks_it_paces_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)

    assert run().output == "shared\n"


def test_the_variable_stands_before_the_default_and_the_option_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "off")

    assert run().output == "nothing\n"  # the client reads it
    assert run("--pace", "redis://cache").output == "redis://cache\n"


@pytest.mark.parametrize("url", ["redis://:secret@cache", "postgresql://db/shop?user=u&password=secret"])
def test_a_password_on_the_command_line_is_refused(url: str) -> None:
    result = run("--pace", url)

    assert result.exit_code == 2
    assert "set KLARNA_OM_PACE instead" in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize("command", [["order", "get", ORDER_ID], ["acknowledge", "orders.csv", "--rate", "5"]])
def test_a_file_that_cannot_be_used_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine_file, "MEMORY", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: -1)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", "https://klarna.invalid")
    monkeypatch.setenv("KLARNA_OM_USERNAME", "user")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "secret")
    Path("orders.csv").write_text(f"order_id\n{ORDER_ID}\n")

    result = CliRunner().invoke(group, command)

    assert result.exit_code == 4
    assert "it belongs to another user" in result.stderr
    assert "or use --pace shared" in result.stderr


async def test_a_wrong_pace_is_refused_before_anything_is_sent(server: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", server.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", "user")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "secret")

    result = await asyncio.to_thread(CliRunner().invoke, group, ["order", "get", ORDER_ID, "--pace", "machines"])

    assert result.exit_code == 4
    assert "pace is 'shared', 'machine', 'off'" in result.stderr
    assert not server.requests

"""`--proxy` and `--ca` on the commands that call Klarna."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.group import group
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire, wire

ENVIRONMENT = {
    "KLARNA_OM_ENVIRONMENT": "https://klarna.invalid",
    "KLARNA_OM_USERNAME": "user",
    "KLARNA_OM_PASSWORD": "secret",
}
COMMANDS = [["order", "get", ORDER_ID], ["acknowledge", "orders.csv"]]


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "KLARNA_OM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "orders.csv").write_text(f"order_id\n{ORDER_ID}\n")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


async def ask_through(proxy: Wire, arguments: Sequence[str], **variables: str) -> str:
    """Run a command beside the proxy, until the proxy has answered 407; returns what it printed on stderr."""
    proxy.otherwise = Answer(407)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "klarna_om.cli",
        *arguments,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    while not proxy.requests and process.returncode is None:
        await asyncio.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    _, printed = await process.communicate()
    return printed.decode()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda arguments: arguments[0])
async def test_the_proxy_of_the_url_is_used(command: list[str]) -> None:
    async with wire() as proxy:
        await ask_through(proxy, [*command, "--proxy", proxy.url])

        assert (proxy.requests[0].method, proxy.requests[0].path) == ("CONNECT", "klarna.invalid:443")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda arguments: arguments[0])
async def test_env_takes_the_proxy_of_the_environment_with_its_password(command: list[str]) -> None:
    async with wire() as proxy:
        url = proxy.url.replace("http://", "http://joe:hunter2@")
        printed = await ask_through(proxy, [*command, "--proxy", "env"], HTTPS_PROXY=url)

        assert proxy.requests[0].headers["proxy-authorization"] == "Basic am9lOmh1bnRlcjI="
        assert "hunter2" not in printed


@pytest.mark.parametrize("command", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(command: list[str]) -> None:
    result = run(*command, "--proxy", "http://joe:hunter2@proxy.example")

    assert result.exit_code == 2
    assert "set HTTPS_PROXY and use --proxy env" in result.output.replace("\n", " ")
    assert "hunter2" not in result.output


@pytest.mark.parametrize("command", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_file_without_certificates_is_refused(command: list[str]) -> None:
    result = run(*command, "--ca", "orders.csv")

    assert result.exit_code == 4
    assert "ca: orders.csv holds no certificates in PEM format" in result.output


@pytest.mark.parametrize("command", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_ca_file_that_is_not_there_is_a_wrong_command(command: list[str]) -> None:
    assert run(*command, "--ca", "nowhere.pem").exit_code == 2


def test_a_proxy_that_is_set_and_not_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", "https://localhost:9")

    result = run("order", "get", ORDER_ID)

    assert result.exit_code == 4
    assert "HTTPS_PROXY is set" in result.output
    assert "--proxy env" in result.output


@pytest.mark.parametrize("command", [["order", "get"], ["acknowledge"]], ids=lambda arguments: arguments[0])
def test_the_help_page_has_both_options(command: list[str]) -> None:
    result = run(*command, "--help")

    assert "--proxy env|URL" in result.output
    assert "--ca FILE" in result.output


def test_a_proxy_of_another_kind_is_refused() -> None:
    result = run("order", "get", ORDER_ID, "--proxy", "socks5://proxy.example")

    assert result.exit_code == 4
    assert "proxy must be an http or https proxy" in result.output


@pytest.mark.parametrize("command", COMMANDS, ids=lambda arguments: arguments[0])
def test_the_environment_of_the_option_counts(command: list[str]) -> None:
    result = run(*command, "--environment", "mars")

    assert result.exit_code == 4
    assert "unknown environment 'mars'" in result.stderr


def test_the_rules_of_kustom_hold_where_the_option_names_kustom(tmp_path: Path) -> None:
    manifest = tmp_path / "changes.csv"
    manifest.write_text(f"order_id,reference,order_amount\n{ORDER_ID},A-1,500\n")

    plain, kustom = (
        run("batch", "orders.update_authorization", "changes.csv", "--dry-run", "--environment", name)
        for name in ("eu-playground", "kustom-playground")
    )

    assert (plain.exit_code, kustom.exit_code) == (0, 2)
    assert "order_lines: must be there with all lines of the order" in kustom.stderr


def test_the_variables_are_checked_as_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARNA_OM_CA", "nowhere.pem")
    assert "--ca" in run("order", "get", ORDER_ID).output

    monkeypatch.setenv("KLARNA_OM_CA", "")
    monkeypatch.setenv("KLARNA_OM_PROXY", "http://user:secret@proxy:3128")
    result = run("order", "get", ORDER_ID)
    assert (result.exit_code, "--proxy" in result.output) == (2, True)

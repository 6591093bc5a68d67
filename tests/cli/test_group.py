"""The command line as a whole: its list, its version, and its message where a package is missing."""

import runpy
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from klarna_om import __version__
from klarna_om.cli.group import COMMANDS, group
from klarna_om.cli.group import __file__ as group_file


def test_the_help_lists_every_command() -> None:
    result = CliRunner().invoke(group, ["--help"])

    assert result.exit_code == 0
    assert all(f"\n  {name} " in result.output for name in COMMANDS)


def test_the_version_is_the_packages() -> None:
    assert __version__ in CliRunner().invoke(group, ["--version"]).output


def test_an_unknown_command_is_refused() -> None:
    result = CliRunner().invoke(group, ["refund-everything"])

    assert result.exit_code == 2
    assert "No such command" in result.output


def test_an_unknown_command_for_an_order_is_refused() -> None:
    result = CliRunner().invoke(group, ["order", "get-all"])

    assert result.exit_code == 2
    assert "No such command" in result.output


def test_it_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["klarna-om", "--version"])

    with pytest.raises(SystemExit):
        runpy.run_path(str(Path(group_file).with_name("__main__.py")), run_name="__main__")

    assert capsys.readouterr().out == f"klarna-om, version {__version__}\n"


def test_without_the_extra_the_message_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from klarna_om.cli import main

    monkeypatch.delitem(sys.modules, "klarna_om.cli.group")
    monkeypatch.setitem(sys.modules, "click", None)

    with pytest.raises(SystemExit, match=r"pip install 'klarna-om\[cli\]'"):
        main()


def test_any_other_missing_module_is_a_bug_and_shown_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from klarna_om.cli import main

    monkeypatch.delitem(sys.modules, "klarna_om.cli.group")
    monkeypatch.setitem(sys.modules, "klarna_om.version", None)

    with pytest.raises(ModuleNotFoundError, match="klarna_om.version"):
        main()


def test_main_runs_the_group(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from klarna_om.cli import main

    monkeypatch.setattr(sys, "argv", ["klarna-om", "--version"])

    with pytest.raises(SystemExit) as result:
        main()

    assert result.value.code == 0
    assert capsys.readouterr().out.startswith("klarna-om, version ")


def test_ctrl_c_in_a_command_has_the_exit_code_of_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(call: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("klarna_om.cli.order_get.call_klarna", pressed)
    result = CliRunner().invoke(group, ["order", "get", "x"])

    assert (result.exit_code, result.stderr) == (130, "klarna-om: interrupted\n")


def test_ctrl_c_while_the_program_is_loaded_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from klarna_om.cli import main

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.__import__", pressed)
    with pytest.raises(SystemExit) as result:
        main()
    monkeypatch.undo()

    assert result.value.code == 130

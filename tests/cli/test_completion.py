"""Completion in a shell, by running it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which `klarna-om` is this code."""
    script = tmp_path / "klarna-om"
    script.write_text(f"#!{sys.executable}\nfrom klarna_om.cli import main\nmain()\n")
    script.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


def complete(path: str, *words: str) -> list[tuple[str, str]]:
    """The kind and value of each completion of the last word, as bash gets them."""
    environment = {
        **os.environ,
        "PATH": path,
        "COMP_WORDS": " ".join(["klarna-om", *words]),
        "COMP_CWORD": str(len(words)),
        "_KLARNA_OM_COMPLETE": "bash_complete",
    }
    done = subprocess.run(["klarna-om"], env=environment, capture_output=True, text=True, check=True)
    found = [line.partition(",") for line in done.stdout.splitlines()]
    return [(kind, value) for kind, _, value in found]


def values(found: list[tuple[str, str]]) -> list[str]:
    return [value for _, value in found]


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        (["ord"], ["order"]),
        (["order", "c"], ["cancel", "capture"]),
        (["order", "get", "--log-f"], ["--log-format"]),
        (["order", "get", "--log-format", ""], ["text", "json"]),
        (["order", "get", "--environment", "eu"], ["eu", "eu-playground"]),
        (["order", "shipping", "--method", "Pick"], ["PickUpStore", "PickUpPoint", "PickUpWarehouse"]),
        (["batch", "refunds"], ["refunds.create"]),
        (["batch", "captures.c"], ["captures.create"]),
        (["batch", "cap"], ["captures.add_shipping_info", "captures.create",
                            "captures.extend_due_date", "captures.trigger_send_out"]),
        (["capture", "orders.csv", "--env"], ["--environment"]),
        (["sandbox", "--faults", "de"], ["demo"]),
        (["journal", "list", "x.journal", "--state", "un"], ["unknown"]),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_word_is_completed(path: str, words: list[str], completions: list[str]) -> None:
    assert values(complete(path, *words)) == completions


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["acknowledge", "or"], "file"),
        (["batch", "captures.create", "or"], "file"),
        (["batch", "retry", "or"], "file"),
        (["journal", "show", "or"], "file"),
        (["capture", "x.csv", "--report", "or"], "file"),
        (["order", "get", "--ca", "or"], "file"),
        (["demo", "--keep", "or"], "dir"),
    ],
    ids=" ".join,
)
def test_a_file_is_left_to_the_shell(path: str, words: list[str], kind: str) -> None:
    assert complete(path, *words) == [(kind, "or")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(path: str, shell: str) -> None:
    environment = {**os.environ, "PATH": path, "_KLARNA_OM_COMPLETE": f"{shell}_source"}

    script = subprocess.run(["klarna-om"], env=environment, capture_output=True, text=True, check=True).stdout

    assert f"_KLARNA_OM_COMPLETE={shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_real_bash_completes_an_operation(path: str) -> None:
    script = """
    eval "$(_KLARNA_OM_COMPLETE=bash_source klarna-om)"
    complete -p klarna-om
    COMP_WORDS=(klarna-om batch captures.cr) COMP_CWORD=2
    _klarna_om_completion klarna-om
    printf '%s\\n' "${COMPREPLY[@]}"
    """

    done = subprocess.run(["bash", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True)

    registered, completion = done.stdout.splitlines()
    assert registered.startswith("complete -o nosort -F _klarna_om_completion klarna-om")
    assert completion == "captures.create"

"""docs/conformance.md says what the sandbox declares, and its examples run."""

import ast
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from klarna_om.catalogue import CATALOGUE
from klarna_om.lifecycle.states import STATES, STATUSES
from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.faults import KINDS
from klarna_om.sandbox.rules.rule import Rule
from klarna_om.sandbox.rules.sources import BASES
from klarna_om.sandbox.rules.table import RULES, RULES_BY_NAME
from klarna_om.sandbox.scenarios.scenario import Check
from klarna_om.sandbox.scenarios.table import SAME_REQUEST, SCENARIOS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")


def table(*rows: tuple[str, ...]) -> str:
    heading, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([heading, "|---" * len(rows[0]) + "|", *others])


def source_of(rule: Rule) -> str:
    source = rule.source
    return f"{source.basis}: [{source.title}]({source.url})" if source.url else source.basis


def example(text: str) -> str:
    return f" <br>`{text}`" if text else ""


def words(checks: Iterable[Check]) -> str:
    return "; ".join(check.rule for check in checks)


ONE_KEY = words(SAME_REQUEST)
TABLES = {
    "SCENARIOS": table(
        ("scenario", "what happens", "what your client has to do", "what is judged", "rules"),
        *(
            (
                f"`{each.name}`",
                each.situation,
                each.task,
                words(each.checks).replace(ONE_KEY, "one key") + (" (needed)" if each.is_report_needed else ""),
                ", ".join(f"`{name}`" for name in each.rules),
            )
            for each in SCENARIOS.values()
        ),
    ),
    "CONTROL": table(
        ("request", "what it does, and an example of its body"),
        *((f"`{row.method} {row.route}`", row.what + example(row.body)) for row in Sandbox()._control.table()),
    ),
    "FAULTS": table(("fault", "what it does"), *((f"`{kind}`", text) for kind, text in KINDS.items())),
    "BASES": table(("a rule rests on", "that is"), *BASES.items()),
    "RULES": table(("name", "rule", "rests on"), *((f"`{rule.name}`", rule.text, source_of(rule)) for rule in RULES)),
    "STATES": table(
        ("operation", *STATUSES),
        *((f"`{name}`", *(f"`{marks[status]}`" for status in STATUSES)) for name, marks in STATES.items()),
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_sandbox_declares(name: str) -> None:
    expected = f"<!-- {name} -->\n\n{TABLES[name]}\n\n<!-- /{name} -->"

    assert expected in PAGE, f"the table should be:\n{expected}"


def test_what_one_key_means_is_what_is_checked() -> None:
    assert f"*One key* is: {ONE_KEY}." in PAGE.replace("\n", " ")


def test_the_control_table_has_every_route() -> None:
    sandbox = Sandbox()

    routes = {(route.method, route.path) for route in sandbox._server._routes if route.method != "*"}

    assert routes == {(row.method, row.route) for row in sandbox._control.table()}


@cache
def defined_in(name: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / name).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_a_source_and_a_test_that_shows_it(rule: Rule) -> None:
    file, _, test = rule.proof.partition("::")

    assert rule.source.basis in BASES
    assert bool(rule.source.url) == (rule.source.basis != "safe reading")
    assert test in defined_in(file)


def test_names_are_unique_and_a_scenario_rests_on_rules_that_exist() -> None:
    assert len(RULES_BY_NAME) == len(RULES)
    assert {name for scenario in SCENARIOS.values() for name in scenario.rules} <= set(RULES_BY_NAME)
    assert set(STATES) == {row.name for row in CATALOGUE}


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.fixture
def served() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def run(command: list[str], program: str, served: Sandbox, folder: Path) -> str:
    """Run a program of the page, at this sandbox."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    environment = {**os.environ, "SANDBOX": served.url}
    ended = subprocess.run(
        command, input=program, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    return ended.stdout


def run_curl(script: str, served: Sandbox, folder: Path) -> Any:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    local = script.replace("http://127.0.0.1:8420", served.url)
    return json.loads(run(["bash"], local, served, folder).rpartition('{"scenario"')[2].join(['{"scenario"', ""]))


def test_the_example_with_curl_passes(served: Sandbox, tmp_path: Path) -> None:
    verdict = run_curl(block("shell"), served, tmp_path)

    assert (verdict["verdict"], verdict["reasons"]) == ("passed", [])


def test_with_another_key_it_fails_as_the_page_shows(served: Sandbox, tmp_path: Path) -> None:
    script = block("shell").replace("parcel-1'", "parcel-'$attempt")

    verdict = run_curl(script, served, tmp_path)

    assert verdict == json.loads(block("json"))


def test_the_example_in_javascript_passes(served: Sandbox, tmp_path: Path) -> None:
    output = run(["node", "--input-type=module", "-"], block("javascript"), served, tmp_path)

    assert [line.strip() for line in output.splitlines()] == [
        "lost-answer passed",
        "error-after-effect passed",
        "portal-stays passed",
        "refusal passed",
    ]


def test_javascript_that_makes_a_key_for_each_attempt_fails(served: Sandbox, tmp_path: Path) -> None:
    program = block("javascript").replace('"Klarna-Idempotency-Key": key', '"Klarna-Idempotency-Key": key + attempt')

    output = run(["node", "--input-type=module", "-"], program, served, tmp_path)

    assert "lost-answer failed request 2 has the key" in output
    assert "error-after-effect failed request 2 has the key" in output


def test_the_line_of_json_is_what_the_command_prints() -> None:
    from klarna_om.cli.sandbox_texts import start_json

    (shown,) = re.findall(r"^\{.*\}$", PAGE, re.MULTILINE)
    with Sandbox() as sandbox:
        printed = start_json(sandbox).replace(sandbox.url, "http://127.0.0.1:8420")

    assert shown == printed

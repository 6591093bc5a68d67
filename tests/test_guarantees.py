"""The page of guarantees is true: each promise has its proof, and the proof is a test of this suite."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from klarna_om import RETRY_RULES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/guarantees.md").read_text(encoding="utf-8")
PROMISES = re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)


@cache
def defined_in(name: str) -> set[str]:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("promise", "text"), PROMISES, ids=[promise for promise, _ in PROMISES])
def test_a_promise_names_its_proofs_and_they_exist(promise: str, text: str) -> None:
    proofs = re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", text.partition("- Proof:")[2])

    assert proofs, f"{promise}: no proof"
    assert [name for name, test in proofs if test not in defined_in(name)] == []


def test_the_retry_rules_are_those_of_the_code() -> None:
    rows = [
        f"| {rule.name} | {'yes' if rule.is_retried else 'no'} | {rule.cost or ''} | {rule.reason} |"
        for rule in RETRY_RULES
    ]
    table = "\n".join(["| result | retried | cost | because |", "|---|---|---|---|", *rows])

    assert f"<!-- RETRY_RULES -->\n\n{table}\n\n<!-- /RETRY_RULES -->" in PAGE, f"the table should be:\n{table}"

"""Checks before sending: what Klarna is sure to refuse, and what its documents advise against.

    for problem in problems(capture):
        print(problem)    # order_lines[3].total_amount: must be at most 200000000, got 200000001

The rules are a table, `RULES`, each with its description and source. They check the request alone: only Klarna knows,
for example, whether an amount still remains to be captured.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from klarna_om.checks.rule import Check, Content, Rule, Severity
from klarna_om.checks.table import RULES
from klarna_om.exchange import Request

__all__ = ["RULES", "Content", "Rule", "problems", "warnings"]


def problems(content: Content | Request, *, kustom: bool = False) -> tuple[str, ...]:
    """Everything for which Klarna is sure to refuse this, as `path: what is wrong`; empty when there is nothing.

    `content` is a request object, such as `CaptureObject`, or a whole `Request`, whose order id and size are then
    checked too. `kustom` applies the rules of Kustom's hosts. No string of the request is repeated, since it may be
    personal; numbers are.
    """
    return _find(content, "problem", kustom)


def warnings(content: Content | Request, *, kustom: bool = False) -> tuple[str, ...]:
    """Everything in this that Klarna's documents advise against, but that it may accept; see `problems`."""
    return _find(content, "warning", kustom)


def _find(content: object, severity: Severity, kustom: bool) -> tuple[str, ...]:
    kind: Any = type(content)
    found = [problem for check in _checks(kind, severity, kustom) for problem in check(content)]
    if isinstance(content, Request) and content.content is not None:
        found += _find(content.content, severity, kustom)
    return tuple(found)


@cache
def _checks(kind: type, severity: Severity, kustom: bool) -> tuple[Check, ...]:
    """The checks of the rules that apply to a type."""
    if not issubclass(kind, Content | Request):
        return (_refuse_other_types,) if severity == "problem" else ()
    host = "kustom" if kustom else "klarna"
    return tuple(
        rule.check
        for rule in RULES
        if issubclass(kind, rule.of) and rule.severity == severity and rule.host in (None, host)
    )


def _refuse_other_types(content: object) -> Iterator[str]:
    """Whatever it is, it cannot be checked: a dict, perhaps, where a `CaptureObject` belongs."""
    yield f"content: must be one of Klarna's request types, got {type(content).__name__}"

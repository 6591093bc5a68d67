"""The project's own description of the API, and its comparison with a published one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Specification = dict[str, Any]
Schema = dict[str, Any]

PROSE = {"description", "example", "summary", "tags"}
"""What explains a fact, and is none."""
WORDS = "x-words"
"""Our list of the words of a field; Klarna has it in the prose only."""


def specification(path: Path) -> Any:
    """An OpenAPI document."""
    return json.loads(path.read_text(encoding="utf-8"))


OWN_SPECIFICATION = Path(__file__).resolve().parents[1] / "contract" / "openapi.json"
SPECIFICATION: Specification = specification(OWN_SPECIFICATION)
SCHEMAS: dict[str, Schema] = SPECIFICATION["components"]["schemas"]


def differences(ours: Specification, theirs: Specification) -> list[str]:
    """Every fact that only one of two specifications has, with its place."""
    left, right = set(_facts(ours)), set(_facts(theirs))
    return [
        *(f"only ours: {fact}" for fact in sorted(left - right)),
        *(f"not ours: {fact}" for fact in sorted(right - left)),
    ]


def _facts(document: Specification) -> Iterator[str]:
    for part in ("paths", "components"):
        yield from _facts_in(document[part], part)


def _facts_in(value: Any, place: str) -> Iterator[str]:
    """One line for each value. The order of a list states nothing; an item goes by its name where it has one."""
    if isinstance(value, dict):
        yield place
        for name, inner in value.items():
            if name != WORDS and not (name in PROSE and not isinstance(inner, dict)):
                yield from _facts_in(inner, f"{place} > {name}")
    elif isinstance(value, list):
        yield place
        for inner in value:
            label = inner["name"] if isinstance(inner, dict) and "name" in inner else "item"
            yield from _facts_in(inner, f"{place} > {label}")
    else:
        yield f"{place} = {value!r}"


def words_of(schema: Schema) -> list[str]:
    """The words that a field may have, wherever the specification lists them."""
    listed = schema.get("enum") or schema.get(WORDS) or re.findall(r"\w+", schema.get("pattern", ""))
    return listed or re.findall(r"\b[A-Z_]{4,}\b", schema.get("description", ""))

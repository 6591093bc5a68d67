"""The contract is kept: nothing of the specification is missing here, and nothing here is invented.

Point it at another version of the specification to see what has changed:

    pytest tests/test_contract.py --openapi new-openapi.json
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from klarna_om.types import SCHEMAS
from tests.support.drift import drift, told_limits, words
from tests.support.shared import shared_file


@pytest.fixture
def specification(request: pytest.FixtureRequest) -> Any:
    """Klarna's specification, or the version that the command line names."""
    path = request.config.getoption("--openapi") or shared_file("klarna/openapi.json")
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_nothing_has_drifted(specification: Any) -> None:
    told = drift(specification)

    assert not told, "\n".join(["the specification and the project differ:", *told])


def test_each_class_tells_the_limits_of_the_specification(specification: Any) -> None:
    for name, schema in specification["components"]["schemas"].items():
        assert told_limits(schema) in words(SCHEMAS[name].__doc__), f"{SCHEMAS[name].__name__}: {told_limits(schema)}"


ORDER = "/ordermanagement/v1/orders/{order_id}"

DIFFERENCES: list[tuple[list[str], Any, str]] = [
    (["paths", f"{ORDER}/pause"], {"post": {"responses": {}}}, f"operation POST {ORDER}/pause: not in the catalogue"),
    (["paths", f"{ORDER}/cancel"], {}, f"operation POST {ORDER}/cancel: not in the specification"),
    (
        ["paths", ORDER, "get", "parameters"],
        [{"in": "query", "name": "expand"}],
        "operation orders.get: query parameter expand has no place",
    ),
    (["paths", ORDER, "get", "responses", "410"], {}, "operation orders.get: status 410 has no class of its own"),
    (
        ["paths", f"{ORDER}/cancel", "post", "responses", "204", "headers"],
        {"Cancel-Id": {}},
        "operation orders.cancel: header Cancel-Id of status 204 is not read",
    ),
    (["paths", f"{ORDER}/captures", "post", "requestBody"], {}, "operation captures.create: takes <class"),
    (["components", "schemas", "Dispute"], {}, "schema Dispute: has no class"),
    (["components", "schemas", "Refund", "properties", "lucky"], {}, "schema Refund: field lucky is not read"),
    (
        ["components", "schemas", "customer", "properties"],
        {"date_of_birth": {}},
        "schema customer: field national_identification_number is not in the specification",
    ),
    (["components", "schemas", "Address", "properties", "city", "maxLength"], 300, "schema Address: field city: "),
    (
        ["components", "schemas", "CaptureObject", "required"],
        ["captured_amount", "reference"],
        "schema CaptureObject: field reference: ",
    ),
]


@pytest.mark.parametrize(("path", "value", "told"), DIFFERENCES)
def test_a_difference_is_named(specification: Any, path: list[str], value: Any, told: str) -> None:
    changed = copy.deepcopy(specification)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert any(line.startswith(told) for line in drift(changed)), drift(changed)


def test_a_schema_that_is_gone_is_named(specification: Any) -> None:
    changed = copy.deepcopy(specification)
    del changed["components"]["schemas"]["Timeslot"]

    assert "schema Timeslot: not in the specification" in drift(changed)

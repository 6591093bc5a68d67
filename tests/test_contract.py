"""The contract is kept: nothing of the specification is missing here, and nothing here is invented.

The specification is our own description in `tests/contract/openapi.json`. Klarna's is compared with it where it is
present, so that ours cannot drift.

Point it at another version of the specification to see what has changed:

    pytest tests/test_contract.py --openapi new-openapi.json
"""

import copy
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from klarna_om.types import SCHEMAS
from tests.support.drift import describe_limits, drift, words
from tests.support.shared import PUBLISHED_SPECIFICATION
from tests.support.specification import OWN_SPECIFICATION, SPECIFICATION, differences, specification, words_of
from tests.support.specification import SCHEMAS as SPECIFIED


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Our own description always; with it the version that the command line names, or else the published one."""
    if "specified" in metafunc.fixturenames:
        named = metafunc.config.getoption("--openapi")
        other = Path(named) if named else PUBLISHED_SPECIFICATION
        paths = [OWN_SPECIFICATION, *([other] if named or other.exists() else [])]
        metafunc.parametrize("specified", [specification(path) for path in paths], ids=["own", "other"][: len(paths)])


def test_our_description_states_the_same_facts(specified: Any) -> None:
    found = differences(SPECIFICATION, specified)

    assert not found, "\n".join(["tests/contract/openapi.json and this specification differ:", *found])


def test_our_description_lists_the_same_values(specified: Any) -> None:
    for name, schema in SPECIFIED.items():
        theirs = specified["components"]["schemas"][name]["properties"]
        for field, ours in schema["properties"].items():
            if listed := words_of(ours):
                assert set(words_of(theirs[field])) == set(listed), f"{name}.{field}"


def test_our_description_has_nothing_but_facts() -> None:
    texts = re.findall(r'"(?:description|summary|title|example)": "([^"]*)"', OWN_SPECIFICATION.read_text("utf-8"))

    assert set(texts) - {status.phrase for status in HTTPStatus} == {SPECIFICATION["info"]["title"]}


def test_nothing_has_drifted(specified: Any) -> None:
    differences = drift(specified)

    assert not differences, "\n".join(["the specification and the project differ:", *differences])


def test_each_class_documents_the_limits_of_the_specification(specified: Any) -> None:
    for name, schema in specified["components"]["schemas"].items():
        assert describe_limits(schema) in words(SCHEMAS[name].__doc__), (
            f"{SCHEMAS[name].__name__}: {describe_limits(schema)}"
        )


ORDER = "/ordermanagement/v1/orders/{order_id}"

DIFFERENCES: list[tuple[list[str], Any, str]] = [
    (["paths", f"{ORDER}/pause"], {"post": {"responses": {}}}, f"operation POST {ORDER}/pause: not in the catalogue"),
    (["paths", f"{ORDER}/cancel"], {}, f"operation POST {ORDER}/cancel: not in the specification"),
    (
        ["paths", ORDER, "get", "parameters"],
        [{"in": "query", "name": "expand"}],
        "operation orders.get: query parameter expand has no place",
    ),
    (["paths", ORDER, "get", "responses", "410"], {}, "operation orders.get: status 410 has no error class"),
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


@pytest.fixture
def changed() -> Any:
    """Our description, to be changed."""
    return copy.deepcopy(SPECIFICATION)


@pytest.mark.parametrize(("path", "value", "difference"), DIFFERENCES)
def test_a_difference_is_named(changed: Any, path: list[str], value: Any, difference: str) -> None:
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert any(line.startswith(difference) for line in drift(changed)), drift(changed)
    assert any(" > ".join(path[:-1]) in line for line in differences(SPECIFICATION, changed))


def test_a_removed_schema_is_named(changed: Any) -> None:
    del changed["components"]["schemas"]["Timeslot"]

    assert "schema Timeslot: not in the specification" in drift(changed)
    assert "only ours: components > schemas > Timeslot" in differences(SPECIFICATION, changed)

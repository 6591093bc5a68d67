from typing import Any

import pytest
from attrs import evolve

from klarna_om.catalogue import CATALOGUE
from klarna_om.sandbox.limits import LIMITS
from klarna_om.sandbox.validation import (
    INT32_MAX,
    INT64_MAX,
    ArrayRule,
    IntegerRule,
    ObjectRule,
    Rule,
    StringRule,
    Violations,
    validate,
)
from tests.support.specification import SCHEMAS, SPECIFICATION, Schema

LINE = {"name": "Socks", "quantity": 1, "unit_price": 500, "total_amount": 500}
NEW_INTERVAL = {"name": "Socks", "interval": "DECADE", "interval_count": 1}
FORMAT_MAX = {"int32": INT32_MAX, "int64": INT64_MAX}
OPERATIONS_WITH_BODY = [row for row in CATALOGUE if row.takes]


def violations_of(operation: str, body: Any) -> Violations:
    violations = Violations()
    validate(LIMITS[operation], body, "", violations)
    return violations


def rule_of(schema: Schema) -> Rule:
    """The rule that is equivalent to a schema of the specification."""
    if "$ref" in schema:
        return rule_of(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    match schema["type"]:
        case "object":
            fields = {name: rule_of(each) for name, each in schema["properties"].items()}
            return ObjectRule(fields, tuple(schema.get("required", ())))
        case "array":
            return ArrayRule(rule_of(schema["items"]), schema["maxItems"], schema["minItems"])
        case "integer":
            most = FORMAT_MAX[schema["format"]]
            return IntegerRule(schema.get("minimum", -most - 1), schema.get("maximum", most))
        case _:
            return StringRule(schema.get("maxLength", 255))


def with_extensions(rule: Rule, name: str = "") -> Rule:
    """The rule with what the sandbox accepts, or refuses, beyond the specification."""
    if isinstance(rule, ArrayRule):
        return evolve(rule, item=with_extensions(rule.item))
    if isinstance(rule, ObjectRule):
        return evolve(rule, fields={field: with_extensions(each, field) for field, each in rule.fields.items()})
    return StringRule(2) if name == "country" else rule


@pytest.mark.parametrize("operation", OPERATIONS_WITH_BODY, ids=lambda row: row.name)
def test_the_limits_are_those_of_the_specification(operation: Any) -> None:
    request = SPECIFICATION["paths"][operation.path][operation.method.lower()]["requestBody"]
    expected = with_extensions(rule_of(request["content"]["application/json"]["schema"]))
    assert isinstance(expected, ObjectRule)
    beyond = {
        name: LIMITS[operation.name].fields[name] for name in {"billing_address"} & set(LIMITS[operation.name].fields)
    }

    assert LIMITS[operation.name] == evolve(expected, fields={**expected.fields, **beyond})


def test_a_billing_address_has_the_limits_of_a_shipping_address() -> None:
    fields = LIMITS["orders.update_customer_details"].fields

    assert fields["billing_address"] == fields["shipping_address"]


def test_every_operation_that_takes_a_body_has_limits() -> None:
    assert set(LIMITS) == {row.name for row in OPERATIONS_WITH_BODY}


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("captures.create", {"captured_amount": 0}),
        ("captures.create", {"captured_amount": 200_000_000, "description": "x" * 255, "order_lines": [LINE]}),
        ("refunds.create", {"refunded_amount": 1, "order_lines": [{**LINE, "unit_price": -5, "type": "package"}]}),
        ("orders.update_merchant_references", {}),
        ("orders.update_customer_details", {"shipping_address": {}}),
        ("orders.add_shipping_info", {"shipping_info": [{"shipping_method": "Home"}]}),
        ("orders.add_shipping_info", {"shipping_info": [{"shipping_method": "Pigeon"}]}),
        ("captures.create", {"captured_amount": 1, "order_lines": [{**LINE, "type": "A_NEW_WORD"}]}),
        ("captures.create", {"captured_amount": 1, "order_lines": [{**LINE, "subscription": NEW_INTERVAL}]}),
    ],
)
def test_a_valid_body_has_no_violations(operation: str, body: Any) -> None:
    violations = violations_of(operation, body)

    assert violations == Violations()


@pytest.mark.parametrize(
    ("operation", "body", "fields"),
    [
        ("captures.create", {}, ["captured_amount"]),
        ("captures.create", [], ["body"]),
        ("captures.create", None, ["body"]),
        ("captures.create", {"captured_amount": 1.0}, ["captured_amount"]),
        ("captures.create", {"captured_amount": "1"}, ["captured_amount"]),
        ("captures.create", {"captured_amount": True}, ["captured_amount"]),
        ("captures.create", {"captured_amount": None}, ["captured_amount"]),
        ("captures.create", {"captured_amount": 2**63}, ["captured_amount"]),
        ("captures.create", {"captured_amount": 1, "description": None}, ["description"]),
        ("captures.create", {"captured_amount": 1, "order_lines": {}}, ["order_lines"]),
        ("captures.create", {"captured_amount": 1, "order_lines": [7]}, ["order_lines"]),
        (
            "captures.create",
            {"captured_amount": 1, "order_lines": [{"name": "x", "quantity": 1}]},
            ["order_lines/total_amount", "order_lines/unit_price"],
        ),
        ("orders.add_shipping_info", {}, ["shipping_info"]),
    ],
)
def test_a_missing_field_or_a_wrong_type_is_a_bad_value(operation: str, body: Any, fields: list[str]) -> None:
    violations = violations_of(operation, body)

    assert violations == Violations(bad_values=fields)


@pytest.mark.parametrize(
    ("operation", "body", "sentence"),
    [
        (
            "orders.add_shipping_info",
            {"shipping_info": [{"shipping_company": "x" * 101}]},
            "size of shipping_info/shipping_company must be between 0 and 100",
        ),
        ("orders.add_shipping_info", {"shipping_info": []}, "size of shipping_info must be between 1 and 500"),
        (
            "captures.create",
            {"captured_amount": 200_000_001},
            "captured_amount must be between 0 and 200000000",
        ),
        ("refunds.create", {"refunded_amount": -1}, "refunded_amount must be between 0 and 200000000"),
        (
            "captures.create",
            {"captured_amount": 1, "order_lines": [LINE] * 1001},
            "size of order_lines must be between 0 and 1000",
        ),
    ],
)
def test_a_value_out_of_bounds_is_described_in_klarnas_wording(operation: str, body: Any, sentence: str) -> None:
    violations = violations_of(operation, body)

    assert not violations.bad_values
    assert len(violations.broken_limits) == 1
    assert violations.broken_limits[0].startswith(sentence)


def test_unknown_fields_are_dropped() -> None:
    body = {"merchant_reference1": "A", "merchant_reference3": "C"}

    fields = validate(LIMITS["orders.update_merchant_references"], body, "", Violations())

    assert fields == {"merchant_reference1": "A"}

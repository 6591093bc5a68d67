"""The types are the specification: every schema, every field, every limit, every word."""

from enum import StrEnum
from types import GenericAlias
from typing import Any, get_args, get_origin

import attrs
import pytest

from klarna_om.types import (
    SCHEMAS,
    OrderLineType,
    OrderStatus,
    PaymentMethodType,
    ShippingMethod,
    SubscriptionInterval,
    limits_of,
)
from klarna_om.types.fields import non_null_type
from klarna_om.types.scalars import Int64
from tests.support.drift import BEYOND, limits_in
from tests.support.specification import SCHEMAS as SPECIFIED
from tests.support.specification import words_of

every_schema = pytest.mark.parametrize("name", sorted(SPECIFIED))


def attribute(name: str) -> str:
    return {"class": "class_"}.get(name, name)


def kind_of(schema: dict[str, Any]) -> Any:
    """The type that a field should have where it is there."""
    if "$ref" in schema:
        return SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if schema["type"] == "array":
        return GenericAlias(tuple, (kind_of(schema["items"]), ...))
    return {"integer": Int64, "boolean": bool, "string": str}[schema["type"]]


def test_every_schema_has_a_class() -> None:
    assert set(SCHEMAS) == set(SPECIFIED)


@every_schema
def test_every_field_is_there_and_no_other(name: str) -> None:
    cls = SCHEMAS[name]
    mapped = {field.name for field in attrs.fields(cls)}
    specified = {attribute(field) for field in SPECIFIED[name]["properties"]}

    assert mapped - BEYOND.get(cls.__name__, set()) == specified


@every_schema
def test_every_field_has_the_specifications_type(name: str) -> None:
    fields = attrs.fields_dict(SCHEMAS[name])
    for field, schema in SPECIFIED[name]["properties"].items():
        kind = non_null_type(fields[attribute(field)].type)
        if "date" in schema.get("format", ""):
            kind = get_args(kind)[0] if get_origin(kind) else kind
            assert kind.__name__ == schema["format"].replace("-", ""), field
        else:
            assert kind == kind_of(schema), field


@every_schema
def test_every_limit_is_the_specifications(name: str) -> None:
    limits = limits_of(SCHEMAS[name])
    required = SPECIFIED[name].get("required", ())
    for field, schema in SPECIFIED[name]["properties"].items():
        assert limits[attribute(field)] == limits_in(schema, required=field in required), field


@pytest.mark.parametrize(
    ("schema", "field", "words"),
    [
        ("MerchantOrderDto", "status", OrderStatus),
        ("order_line", "type", OrderLineType),
        ("subscription", "interval", SubscriptionInterval),
        ("shipping_info", "shipping_method", ShippingMethod),
        ("InitialPaymentMethodDto", "type", PaymentMethodType),
    ],
)
def test_every_known_value_of_the_specification_is_offered(schema: str, field: str, words: type[StrEnum]) -> None:
    listed = words_of(SPECIFIED[schema]["properties"][field])

    assert set(listed) <= set(words)
    assert len(listed) >= 4


def test_what_the_specification_requires_of_a_request_the_constructor_requires() -> None:
    for name in ("CaptureObject", "RefundObject", "UpdateAuthorization", "UpdateShippingInfo", "ExtendDueDateRequest"):
        with pytest.raises(TypeError, match=r"missing required keyword arguments: \w+$"):
            SCHEMAS[name]()
    for name, arguments in (("order_line", "quantity, name, total_amount, unit_price"), ("subscription", "name, ")):
        with pytest.raises(TypeError, match=f"missing required keyword arguments: {arguments}"):
            SCHEMAS[name]()

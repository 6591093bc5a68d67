"""Klarna's types are fields, bodies and response models in pydantic, which the client itself does not need."""

import subprocess
import sys
from typing import Any

import attrs
import jsonschema_rs
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from klarna_om import structuring
from klarna_om.types import SCHEMAS, CaptureObject, Notification, Order, OrderLine
from klarna_om.types.fields import wire_name
from tests.support.samples import SAMPLES, Sample

LINE = OrderLine(name="Socks", quantity=1, unit_price=5, total_amount=5)
CLASSES = sorted({*SCHEMAS.values(), Notification}, key=lambda cls: cls.__name__)


class Parcel(BaseModel):
    """A model of a shop's own."""

    order: Order
    lines: list[OrderLine] = []


@pytest.mark.parametrize("sample", SAMPLES, ids=repr)
def test_a_value_is_written_as_klarna_writes_it(sample: Sample) -> None:
    value = structuring.read(sample.cls, sample.data)

    written = TypeAdapter[Any](sample.cls).dump_python(value, mode="json")

    assert written == structuring.to_dict(value)


@pytest.mark.parametrize("sample", SAMPLES, ids=repr)
def test_what_is_written_is_read_again_and_fits_the_json_schema(sample: Sample) -> None:
    adapter = TypeAdapter[Any](sample.cls)
    value = structuring.read(sample.cls, sample.data)
    written = adapter.dump_json(value)

    assert adapter.validate_json(written) == value
    jsonschema_rs.validate(adapter.json_schema(mode="serialization"), adapter.dump_python(value, mode="json"))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_json_schema_has_all_fields_under_klarnas_names(cls: type[Any]) -> None:
    whole = TypeAdapter[Any](cls).json_schema()

    schema = whole["$defs"][cls.__name__] if "$ref" in whole else whole

    assert set(schema["properties"]) == {wire_name(field.name) for field in attrs.fields(cls)}


def test_only_what_a_request_must_have_is_required() -> None:
    def required(cls: type[Any]) -> object:
        whole = TypeAdapter[Any](cls).json_schema()
        return (whole["$defs"][cls.__name__] if "$ref" in whole else whole).get("required")

    assert required(CaptureObject) == ["captured_amount"]
    assert (required(Order), required(OrderLine)) == (None, None)


def test_a_model_of_a_shop_may_have_them_as_fields() -> None:
    order = Order(order_id="7", captures=())

    parcel = Parcel(order=order, lines=[LINE])

    assert parcel.order is order
    assert parcel.model_dump(mode="json") == {"order": {"order_id": "7"}, "lines": [structuring.to_dict(LINE)]}
    assert Parcel.model_validate_json(parcel.model_dump_json()) == parcel


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"captured_amount": "5"}, "captured_amount"),
        ({"captured_amount": 5.5}, "captured_amount"),
        ({"captured_amount": True}, "captured_amount"),
        ({"captured_amount": None}, "missing: captured_amount"),
        ({}, "missing: captured_amount"),
        ([], "expected an object of CaptureObject"),
        ("x", "expected an object of CaptureObject"),
        ({"captured_amount": 5, "order_lines": [{"name": 7}]}, "order_lines"),
    ],
    ids=repr,
)
def test_nothing_is_coerced_and_the_wrong_field_is_named(document: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TypeAdapter(CaptureObject).validate_python(document)


def test_a_string_of_somebody_elses_kind_is_written_as_one() -> None:
    class SafeText(str):
        """Such as those of template engines."""

        __slots__ = ()

    written = TypeAdapter(Order).dump_json(Order(order_id=SafeText("7")))

    assert written == b'{"order_id":"7"}'


def test_the_types_do_not_load_pydantic() -> None:
    code = "import sys, klarna_om.types; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {name for name in loaded if name.startswith("pydantic")}

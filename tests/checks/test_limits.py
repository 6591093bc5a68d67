"""The limits are the specification's: each one of it is broken here, and found at its place."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import force_setattr

from klarna_om.checks import limits, problems, warnings
from klarna_om.structuring import from_dict
from klarna_om.types import SCHEMAS, CaptureObject, OrderLine, ShippingInfo, UpdateShippingInfo
from tests.support.specification import SCHEMAS as SPECIFIED

Schema = dict[str, Any]
Path = tuple[str | int, ...]

REQUESTS = (
    "UpdateAuthorization",
    "UpdateConsumer",
    "UpdateMerchantReferences",
    "UpdateShippingInfo",
    "CaptureObject",
    "RefundObject",
    "ExtendDueDateRequest",
)


def resolved(schema: Schema) -> Schema:
    return SPECIFIED[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def full(schema: Schema) -> Any:
    """A document that has everything, and breaks nothing."""
    schema = resolved(schema)
    if schema["type"] == "object":
        return {name: full(field) for name, field in schema["properties"].items()}
    if schema["type"] == "array":
        return [full(schema["items"])]
    if schema["type"] == "integer":
        return schema.get("minimum", 0)
    return schema.get("pattern", "US").strip("()").partition("|")[0]


def breaches(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """For every limit the path to a value and one that breaks it."""
    schema = resolved(schema)
    for name, field in schema.get("properties", {}).items():
        here = (*path, name)
        if name in schema.get("required", ()):
            yield here, None  # which is how an absent field reads
        yield from ((here, wrong) for wrong in wrongs(resolved(field)))
        yield from breaches(field, here)
        if field.get("type") == "array":
            yield from breaches(field["items"], (*here, 0))


def wrongs(field: Schema) -> Iterator[Any]:
    if field["type"] == "integer":
        bits = 32 if field["format"] == "int32" else 64
        yield from (12.5, True, "12")
        yield field.get("minimum", -(2 ** (bits - 1))) - 1
        yield field.get("maximum", 2 ** (bits - 1) - 1) + 1
    elif field["type"] == "string":
        yield from (5, True, b"x")
        if "maxLength" in field:
            yield "x" * (field["maxLength"] + 1)
    elif field["type"] == "array":
        yield from ("x", 5)
        item = field["items"]["$ref"].rpartition("/")[2]
        yield (from_dict(SCHEMAS[item], full(field["items"])),) * (field["maxItems"] + 1)
        if field["minItems"]:
            yield ()
    else:
        yield from ("x", 5, {})


def bounds(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """For every limit the path to a value, and the last one that keeps it."""
    for name, field in resolved(schema).get("properties", {}).items():
        if "maxLength" in field:
            yield (*path, name), "ö" * field["maxLength"]
        for bound in ("minimum", "maximum"):
            if bound in field:
                yield (*path, name), field[bound]
        inner = field["items"] if field.get("type") == "array" else field
        yield from bounds(inner, (*path, name, 0) if inner is not field else (*path, name))


def changed(name: str, path: Path, value: Any) -> Any:
    """A request that has everything, with one value that no constructor would take."""
    content: Any = from_dict(SCHEMAS[name], full(SPECIFIED[name]))
    place = content
    for step in path[:-1]:
        place = place[step] if isinstance(step, int) else getattr(place, step)
    force_setattr(place, str(path[-1]), value)
    return content


def written(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def of_all(cases: Any) -> list[Any]:
    """The cases for all requests, by the specification."""
    return [
        pytest.param(name, path, value, id=f"{name}-{written(path)}-{str(value)[:9]}-{number}")
        for name in REQUESTS
        for number, (path, value) in enumerate(cases(SPECIFIED[name]))
    ]


@pytest.mark.parametrize(("name", "path", "value"), of_all(breaches))
def test_every_limit_of_the_specification_is_enforced_at_its_place(name: str, path: Path, value: Any) -> None:
    content = changed(name, path, value)

    assert [problem.partition(": ")[0] for problem in limits.find_broken_limits(content)] == [written(path)]
    assert set(limits.find_broken_limits(content)) <= set(problems(content))
    assert isinstance(warnings(content), tuple), "the other rules accept any wrong value"


@pytest.mark.parametrize(("name", "path", "value"), of_all(bounds))
def test_every_limit_of_the_specification_may_be_reached(name: str, path: Path, value: Any) -> None:
    assert not list(limits.find_broken_limits(changed(name, path, value)))


def patterns(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """For every enumeration the path to a value, and one that is not in it."""
    for name, field in resolved(schema).get("properties", {}).items():
        if "pattern" in field:
            yield (*path, name), "A_NEW_VALUE"
        inner = field["items"] if field.get("type") == "array" else field
        yield from patterns(inner, (*path, name, 0) if inner is not field else (*path, name))


@pytest.mark.parametrize(("name", "path", "value"), of_all(patterns))
def test_a_value_that_the_specification_does_not_list_is_a_warning(name: str, path: Path, value: Any) -> None:
    content = changed(name, path, value)

    assert problems(content) == ()
    assert [each.partition(": ")[0] for each in warnings(content) if "known values" in each] == [written(path)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "must be there"),
        (12.5, "must be a whole number, got 12.5"),
        (1000.0, "must be a whole number, got 1000.0"),
        (True, "must be a whole number, got bool"),
        ("1000", "must be a whole number, got str"),
        (-1, "must be at least 0, got -1"),
        (200_000_001, "must be at most 200000000, got 200000001"),
        pytest.param(10**5000, "must be at most 200000000, got more than 64 bits", id="giant"),
    ],
)
def test_an_amount_is_never_coerced_and_its_rule_is_named(value: Any, reason: str) -> None:
    assert problems(CaptureObject(captured_amount=value)) == (f"captured_amount: {reason}",)


@pytest.mark.parametrize("value", [+46701234567, 46701234567.0, b"46701234567", "4" * 101])
def test_a_string_of_the_wrong_type_or_length_is_never_shown(value: Any) -> None:
    (problem,) = problems(UpdateShippingInfo(shipping_info=[ShippingInfo(tracking_number=value)]))

    assert problem.startswith("shipping_info[0].tracking_number: must ")
    assert "4670" not in problem
    assert "444" not in problem


def test_half_of_a_surrogate_pair_cannot_be_sent() -> None:
    assert problems(CaptureObject(captured_amount=1, description="Grüße 🧦")) == ()
    assert problems(CaptureObject(captured_amount=1, description="a\ud83d")) == (
        "description: must be Unicode, but has half of a surrogate pair",
    )


def test_all_problems_are_reported_at_once_in_the_order_of_the_fields() -> None:
    lines: Any = [
        OrderLine(name="x" * 256, quantity=-1, unit_price=2, total_amount=-2),
        {"name": "a dict"},
        OrderLine(name=None, quantity=2, unit_price=5, total_amount=11),
    ]
    capture: Any = CaptureObject(captured_amount=9.5, description=7, order_lines=lines)  # type: ignore[arg-type]

    assert problems(capture) == (
        "captured_amount: must be a whole number, got 9.5",
        "description: must be a string, got int",
        "order_lines[0].quantity: must be at least 0, got -1",
        "order_lines[0].name: must have at most 255 characters, got 256",
        "order_lines[1]: must be of type OrderLine, got dict",
        "order_lines[2].name: must be there",
    )


def test_what_a_subclass_adds_is_not_compared() -> None:
    class Shipment(CaptureObject):
        @property
        def severity(self) -> float:
            return 12.5

    shipment = Shipment(captured_amount=5)
    assert shipment.severity

    assert problems(shipment) == warnings(shipment) == ()


@pytest.mark.parametrize(
    "content",
    [
        {"captured_amount": 1},
        OrderLine,
        "captured_amount",
        OrderLine(name="x", quantity=1, unit_price=1, total_amount=1),
    ],
)
def test_what_is_no_request_cannot_be_checked(content: Any) -> None:
    kind = type(content).__name__

    assert problems(content) == (f"content: must be one of Klarna's request types, got {kind}",)
    assert warnings(content) == ()

"""Where a specification of the API and this project differ: one line for each difference."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from klarna_om.answers.error_from_response import class_of
from klarna_om.catalogue import CATALOGUE
from klarna_om.errors import StatusError
from klarna_om.operation import Operation
from klarna_om.types import SCHEMAS, Limits, limits_of
from tests.support.specification import Specification

PARAMETERS = {"Klarna-Idempotency-Key", "Klarna-Integrator"}
HEADERS = {"Capture-Id", "Refund-Id", "Location"}
BEYOND = {"Customer": {"type"}, "UpdateConsumer": {"billing_address"}, "ErrorMessage": {"error_message"}}
"""Fields that the wire, or older documents, have and the specification has not."""


def drift(specification: Specification) -> list[str]:
    """Everything that is there and not here, here and not there, or different."""
    return [*_operations(specification["paths"]), *_schemas(specification["components"]["schemas"])]


def _operations(paths: Mapping[str, Any]) -> Iterator[str]:
    rows = {(row.method, row.path): row for row in CATALOGUE}
    specified = {(method.upper(), path): each for path, item in paths.items() for method, each in item.items()}
    for method, path in sorted(specified.keys() - rows.keys()):
        yield f"operation {method} {path}: not in the catalogue"
    for method, path in sorted(rows.keys() - specified.keys()):
        yield f"operation {method} {path}: not in the specification"
    for key in sorted(rows.keys() & specified.keys()):
        yield from (f"operation {rows[key].name}: {difference}" for difference in _operation(rows[key], specified[key]))


def _operation(row: Operation[Any], specified: Mapping[str, Any]) -> Iterator[str]:
    for parameter in specified.get("parameters", ()):
        known = f"{{{parameter['name']}}}" in row.path if parameter["in"] == "path" else parameter["name"] in PARAMETERS
        if not known:
            yield f"{parameter['in']} parameter {parameter['name']} has no place"
    body = specified.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    takes = SCHEMAS.get(body.get("$ref", "").rpartition("/")[2])
    if takes is not row.takes:
        yield f"takes {row.takes}, but the specification says {body or 'no body'}"
    for status, answer in specified["responses"].items():
        if not status.startswith("2") and class_of(int(status)) is StatusError:
            yield f"status {status} has no error class"
        for header in set(answer.get("headers", ())) - HEADERS:
            yield f"header {header} of status {status} is not read"


def _schemas(schemas: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(schemas.keys() - SCHEMAS.keys()):
        yield f"schema {name}: has no class"
    for name in sorted(SCHEMAS.keys() - schemas.keys()):
        yield f"schema {name}: not in the specification"
    for name in sorted(schemas.keys() & SCHEMAS.keys()):
        yield from (f"schema {name}: {difference}" for difference in _schema(SCHEMAS[name], schemas[name]))


def _schema(cls: type, specified: Mapping[str, Any]) -> Iterator[str]:
    properties, limits = specified.get("properties", {}), limits_of(cls)
    fields = {field.name.removesuffix("_") for field in attrs.fields(cls)} - BEYOND.get(cls.__name__, set())
    yield from (f"field {name} is not read" for name in sorted(properties.keys() - fields))
    yield from (f"field {name} is not in the specification" for name in sorted(fields - properties.keys()))
    for name in sorted(fields & properties.keys()):
        wanted = limits_in(properties[name], required=name in specified.get("required", ()))
        ours = limits.get(name) or limits[f"{name}_"]
        if ours != wanted:
            yield f"field {name}: {ours}, but the specification says {wanted}"


def limits_in(schema: Mapping[str, Any], *, required: bool) -> Limits:
    """The limits of a field, as far as they limit anything."""
    return Limits(
        required=required,
        max_length=schema.get("maxLength"),
        ge=schema.get("minimum"),
        le=schema.get("maximum"),
        min_items=schema.get("minItems") or None,
        max_items=schema.get("maxItems"),
    )


def describe_limits(specified: Mapping[str, Any]) -> str:
    """How a class states its limits in its docstring; empty where the specification sets none."""
    stated = []
    for name, schema in specified.get("properties", {}).items():
        limits = limits_in(schema, required=False)
        if limits.max_length is not None:
            stated.append(f"`{name}` {limits.max_length} characters")
        if limits.max_items is not None:
            stated.append(f"`{name}` {limits.min_items or 0} to {limits.max_items} items")
        if limits.ge is not None or limits.le is not None:
            low = "" if limits.ge is None else f" from {limits.ge}"
            high = "" if limits.le is None else f" up to {limits.le}"
            stated.append(f"`{name}`{low}{high}")
    return f"Limits: {', '.join(stated)}." if stated else ""


def words(text: str | None) -> str:
    """A docstring on one line."""
    return re.sub(r"\s+", " ", text or "")

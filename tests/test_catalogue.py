"""The catalogue is the specification: same operations, same paths, a method each, all on the wire."""

import inspect
from typing import Any

import pytest

from klarna_om.catalogue import CATALOGUE
from klarna_om.client import KlarnaClient
from klarna_om.operation import Operation
from tests.support.calls import CALLS, CAPTURE_ID, ORDER_ID, REFUND_ID
from tests.support.specification import SPECIFICATION
from tests.support.wire import Answer, Wire, json_answer

rows = pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)
writes = pytest.mark.parametrize("row", [row for row in CATALOGUE if row.method != "GET"], ids=lambda row: row.name)
reads = pytest.mark.parametrize("row", [row for row in CATALOGUE if row.method == "GET"], ids=lambda row: row.name)


def specified() -> dict[tuple[str, str], dict[str, Any]]:
    paths = SPECIFICATION["paths"]
    return {(method.upper(), path): operation for path, item in paths.items() for method, operation in item.items()}


def answer_to(row: Operation[Any]) -> Answer:
    if row.name.endswith("create"):
        return Answer(201, {"Capture-Id": "new", "Refund-Id": "new"})
    if row.method == "GET":
        document = {"order_id": ORDER_ID, "capture_id": CAPTURE_ID, "refund_id": REFUND_ID, "options": [{}]}
        return json_answer([] if row.name == "captures.list" else document)
    return Answer(204)


def test_every_operation_of_the_specification_has_a_row_and_no_row_is_invented() -> None:
    assert {(row.method, row.path) for row in CATALOGUE} == set(specified())


@rows
def test_a_row_takes_a_body_where_the_specification_asks_for_one(row: Operation[Any]) -> None:
    assert (row.takes is not None) == ("requestBody" in specified()[row.method, row.path])


@rows
def test_every_parameter_of_the_specification_has_a_place(row: Operation[Any]) -> None:
    method = method_of(row)
    for parameter in specified()[row.method, row.path]["parameters"]:
        match parameter["in"], parameter["name"]:
            case "path", name:
                assert f"{{{name}}}" in row.path
                assert name in method.parameters
            case "header", "Klarna-Idempotency-Key":
                assert "idempotency_key" in method.parameters
            case "header", "Klarna-Integrator":
                assert "integrator" in method.parameters
            case unknown:
                pytest.fail(f"{row.name} has no place for {unknown}")


@rows
def test_every_row_has_a_documented_method(row: Operation[Any]) -> None:
    endpoints, name = row.name.split(".")
    assert inspect.getdoc(getattr(getattr(KlarnaClient(**ANYWHERE), endpoints), name))


@writes
async def test_all_attempts_of_a_write_have_one_key_and_the_same_bytes(
    row: Operation[Any], klarna: KlarnaClient, server: Wire
) -> None:
    server.will(Answer(503), Answer(503), answer_to(row))

    await CALLS[row.name](klarna)

    assert len(server.requests) == 3
    assert len({request.raw for request in server.requests}) == 1
    assert server.requests[0].key


@reads
async def test_a_read_is_retried_and_carries_no_key(row: Operation[Any], klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(503), answer_to(row))

    await CALLS[row.name](klarna)

    assert len(server.requests) == 2
    assert all(request.key is None for request in server.requests)


@rows
async def test_a_call_goes_to_the_specified_path(row: Operation[Any], klarna: KlarnaClient, server: Wire) -> None:
    server.will(answer_to(row))

    await CALLS[row.name](klarna)

    path = row.path.format(order_id=ORDER_ID, capture_id=CAPTURE_ID, refund_id=REFUND_ID)
    assert (server.requests[0].method, server.requests[0].path) == (row.method, path)


ANYWHERE: dict[str, Any] = {"environment": "https://example.com", "username": "u", "password": "p"}


def method_of(row: Operation[Any]) -> inspect.Signature:
    endpoints, name = row.name.split(".")
    return inspect.signature(getattr(getattr(KlarnaClient(**ANYWHERE), endpoints), name))

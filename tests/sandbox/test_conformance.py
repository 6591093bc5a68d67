"""The sandbox against the specification: each of its responses is documented there.

The specification leaves out 400, 401, 413, 415, 422 and 429, and the error envelope for some 403 and 404; those are
compared with the envelope that Klarna's error page describes. Content types and headers are checked where it has the
status. It does not decide whether a request should be accepted: that depends on the order's state.
"""

import base64
import copy
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

from klarna_om.catalogue import CATALOGUE
from klarna_om.sandbox import Sandbox
from tests.support.specification import SPECIFICATION

UNDOCUMENTED = {400, 413, 415, 422}
"""Refusals of the request itself, which the specification leaves out for every operation."""
EXAMPLES = 25
AUTH = {"Authorization": "Basic " + base64.b64encode(b"sandbox:sandbox").decode()}


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox(limit=None) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def specification() -> Any:
    return schemathesis.openapi.from_dict(copy.deepcopy(SPECIFICATION))


def add_order(sandbox: Sandbox, number: int) -> dict[str, str]:
    """Ids of an order in one of four states, with a capture and a refund where it has them."""
    if number % 4 == 3:
        return {"order_id": "7849fd84-47dc-4919-a7ce-47b9f461562f", "capture_id": "1", "refund_id": "1"}
    order = sandbox.order(order_amount=100_000_000, captured_amount=(0, 50_000_000, 100_000_000)[number % 4])
    order_id, captures = order.order_id or "", [capture.capture_id or "" for capture in order.captures]
    refund_id = refund(sandbox, order_id) if captures else "1"
    return {"order_id": order_id, "capture_id": (captures or ["1"])[0], "refund_id": refund_id}


def refund(sandbox: Sandbox, order_id: str) -> str:
    url = f"{sandbox.url}/ordermanagement/v1/orders/{order_id}/refunds"
    headers = {**AUTH, "Content-Type": "application/json"}
    with urlopen(Request(url, b'{"refunded_amount": 1}', headers)) as response:
        return str(response.headers["Refund-Id"])


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)
def test_every_answer_conforms_to_the_specification(row: Any, served: Sandbox, specification: Any) -> None:
    operation = specification[row.path][row.method]
    statuses: set[int] = set()

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(), number=hypothesis.strategies.integers(0, 3))
    def drive(case: Any, number: int) -> None:
        case.path_parameters = {
            name: value for name, value in add_order(served, number).items() if f"{{{name}}}" in row.path
        }
        case.headers = AUTH
        response = case.call(base_url=served.url)
        statuses.add(response.status_code)
        documented = str(response.status_code) in operation.definition.raw["responses"]
        if documented and response.content:
            case.validate_response(response, checks=[content_type_conformance, response_schema_conformance])
        if documented:
            case.validate_response(response, checks=[response_headers_conformance])
        case.validate_response(response, checks=[not_a_server_error])
        if response.status_code >= 400:
            assert documented or response.status_code in UNDOCUMENTED | {403, 404}
            envelope = response.json()
            assert set(envelope) == {"error_code", "error_messages", "correlation_id"}
            assert envelope["correlation_id"] == response.headers["klarna-correlation-id"][0]

    drive()

    assert statuses - {400, 404, 422}, f"{row.name} was only ever refused"

"""The sandbox's HTTP responses: statuses, headers and envelopes as recorded from Klarna."""

import json
from uuid import UUID

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.types import Order
from tests.sandbox.caller import ROOT, Caller, basic_auth
from tests.support.samples import Sample, exchanges, own, published

CORRELATION = "Klarna-Correlation-Id"


async def test_an_order_is_read_as_json(caller: Caller) -> None:
    response = await caller.call("GET", "")

    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert str(UUID(response.headers[CORRELATION])) == response.headers[CORRELATION]
    assert response.json["order_id"] == caller.order_id


@pytest.mark.parametrize(
    "sample",
    [
        own(Order, "as it is before it is captured, with fields that are not specified"),
        *published("real_order_gb_paybycard.json"),
    ],
    ids=str,
)
async def test_an_order_has_the_shape_of_a_recorded_one(caller: Caller, sample: Sample) -> None:
    recorded = sample.document

    order = (await caller.call("GET", "")).json

    assert {name: type(value) for name, value in order.items()} == {
        name: type(value) for name, value in recorded.items()
    }
    assert set(order["order_lines"][0]) | {"product_url", "image_url"} == set(recorded["order_lines"][0])


async def test_a_write_without_a_new_id_is_a_204_without_a_body(caller: Caller) -> None:
    response = await caller.acknowledge()

    assert (response.status, response.body) == (204, b"")
    assert "Content-Type" not in response.headers
    assert CORRELATION in response.headers


@pytest.mark.parametrize(
    "recorded",
    [each["response"]["headers"] for each in exchanges().values() if "Transaction-Id" in each["response"]["headers"]],
)
async def test_a_capture_is_a_201_with_its_id_in_the_headers(
    caller: Caller, sandbox: Sandbox, recorded: dict[str, str]
) -> None:
    response = await caller.capture(500)

    capture_id = response.headers["Capture-Id"]
    assert (response.status, response.body, response.headers["Content-Length"]) == (201, b"", "0")
    assert response.headers["Location"] == f"{sandbox.url}{ROOT}/{caller.order_id}/captures/{capture_id}"
    for name in ("Location", "Capture-Id", "Transaction-Id", CORRELATION):
        assert name in recorded
        assert name in response.headers
    assert "Content-Type" not in response.headers


async def test_a_new_capture_can_be_read_by_its_id(caller: Caller) -> None:
    capture_id = (await caller.capture(500)).headers["Capture-Id"]

    capture = await caller.call("GET", f"/captures/{capture_id}")

    assert capture.json["captured_amount"] == 500


async def test_a_refund_is_a_201_with_its_id(caller: Caller) -> None:
    await caller.capture(500)

    response = await caller.call("POST", "/refunds", {"refunded_amount": 200})

    assert (response.status, response.body) == (201, b"")
    assert response.headers["Location"].endswith(f"/refunds/{response.headers['Refund-Id']}")


async def test_a_refusal_has_klarnas_error_envelope(caller: Caller) -> None:
    await caller.capture(500)

    response = await caller.call("POST", "/cancel")

    (message,) = response.json["error_messages"]
    assert response.status == 403
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == {
        "error_code": "CANCEL_NOT_ALLOWED",
        "error_messages": [message],
        "correlation_id": response.headers[CORRELATION],
    }


async def test_every_exchange_has_a_different_correlation_id(caller: Caller) -> None:
    responses = [await caller.acknowledge("key") for _ in range(3)]

    assert len({each.headers[CORRELATION] for each in responses}) == 3


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b'{"captured_amount": NaN}'])
async def test_an_invalid_json_body_is_a_400(caller: Caller, body: bytes) -> None:
    response = await caller.send(
        "POST",
        f"{ROOT}/{caller.order_id}/captures",
        body=body,
        headers={"Content-Type": "application/json"},
    )

    assert (response.status, response.error_code) == (400, "BAD_VALUE")


async def test_a_missing_field_is_worded_as_recorded(caller: Caller) -> None:
    response = await caller.call("POST", "/captures", {})

    assert (response.status, response.json["error_messages"]) == (400, ["Bad value: captured_amount"])


async def test_a_value_out_of_bounds_is_a_422(caller: Caller) -> None:
    response = await caller.capture(-1)

    assert (response.status, response.error_code) == (422, "UNPROCESSABLE_ENTITY")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_content_type_is_a_415(caller: Caller, content_type: str) -> None:
    response = await caller.send(
        "POST",
        f"{ROOT}/{caller.order_id}/captures",
        body=b'{"captured_amount": 1}',
        headers={"Content-Type": content_type},
    )

    assert (response.status, response.error_code) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_json_content_type_may_have_a_charset(caller: Caller) -> None:
    response = await caller.send(
        "POST",
        f"{ROOT}/{caller.order_id}/captures",
        body=b'{"captured_amount": 1}',
        headers={"Content-Type": "application/json;charset=utf-8"},
    )

    assert response.status == 201


@pytest.mark.parametrize(("size", "status"), [(1_000_000, 422), (1_000_001, 413), (1_000_100, 413)])
async def test_a_body_above_one_megabyte_is_a_413(caller: Caller, size: int, status: int) -> None:
    frame = json.dumps({"captured_amount": 1, "description": ""}).encode()
    body = frame.replace(b'""', b'"' + b"x" * (size - len(frame)) + b'"')

    response = await caller.send(
        "POST", f"{ROOT}/{caller.order_id}/captures", body=body, headers={"Content-Type": "application/json"}
    )

    assert response.status == status


async def test_an_operation_that_takes_no_body_ignores_one(caller: Caller) -> None:
    response = await caller.send("POST", f"{ROOT}/{caller.order_id}/acknowledge", body=b"whatever")

    assert response.status == 204


@pytest.mark.parametrize("path", ["/", "/ordermanagement/v1/orders", f"{ROOT}/a/b/c", "/payments/v1/sessions"])
async def test_a_path_that_the_api_does_not_have_is_a_404(caller: Caller, path: str) -> None:
    response = await caller.send("GET", path)

    assert response.status == 404


async def test_a_quoted_slash_is_part_of_the_id(caller: Caller) -> None:
    response = await caller.send("GET", f"{ROOT}/a%2Fb")

    assert (response.status, response.error_code) == (400, "INVALID_ORDER_ID")


HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic c2FuZGJveDp3cm9uZw==", "Bearer c2FuZGJveDpzYW5kYm94", "Basic sandbox"]
)
async def test_wrong_credentials_get_the_gateways_401_page(
    caller: Caller, sandbox: Sandbox, authorization: str
) -> None:
    response = await caller.send("GET", f"{ROOT}/{caller.order_id}", headers={"Authorization": authorization})

    assert (response.status, response.headers["Content-Type"]) == (401, HTML)
    assert response.headers["Www-Authenticate"].startswith("Basic realm=")
    assert CORRELATION not in response.headers
    assert response.body.startswith(b"<html>")
    assert sandbox.requests == ()


async def test_wrong_credentials_get_401_for_unknown_paths_too(caller: Caller) -> None:
    response = await caller.send("GET", "/unknown", headers={"Authorization": ""})

    assert response.status == 401


async def test_an_api_key_is_accepted(caller: Caller, sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Basic {sandbox.api_key}"}

    response = await caller.send("GET", f"{ROOT}/{caller.order_id}", headers=headers)

    assert response.status == 200


async def test_credentials_can_be_set() -> None:
    async with (
        Sandbox(username="jörg", password="s:t", api_key="key") as sandbox,
        aiohttp.ClientSession() as session,
    ):
        caller = Caller(sandbox, session)
        default_auth = {"Authorization": basic_auth("sandbox", "sandbox")}

        own = await caller.call("GET", "")
        default = await caller.send("GET", f"{ROOT}/{caller.order_id}", headers=default_auth)

    assert (own.status, default.status) == (200, 401)

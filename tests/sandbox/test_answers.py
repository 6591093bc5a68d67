"""What the sandbox looks like from outside: statuses, headers and envelopes as recorded from Klarna."""

import json
from uuid import UUID

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.types import Order
from tests.sandbox.caller import ROOT, Caller, basic
from tests.support.samples import Sample, exchanges, own, published

CORRELATION = "Klarna-Correlation-Id"


async def test_an_order_is_read_as_json(caller: Caller) -> None:
    heard = await caller.call("GET", "")

    assert heard.status == 200
    assert heard.headers["Content-Type"] == "application/json"
    assert str(UUID(heard.headers[CORRELATION])) == heard.headers[CORRELATION]
    assert heard.json["order_id"] == caller.order_id


@pytest.mark.parametrize(
    "sample",
    [
        own(Order, "as it is before it is captured, with fields that are not specified"),
        *published("real_order_gb_paybycard.json"),
    ],
    ids=str,
)
async def test_an_order_reads_like_the_one_that_was_recorded(caller: Caller, sample: Sample) -> None:
    recorded = sample.document

    order = (await caller.call("GET", "")).json

    assert {name: type(value) for name, value in order.items()} == {
        name: type(value) for name, value in recorded.items()
    }
    assert set(order["order_lines"][0]) | {"product_url", "image_url"} == set(recorded["order_lines"][0])


async def test_a_write_without_an_id_is_a_204_without_a_body(caller: Caller) -> None:
    heard = await caller.acknowledge()

    assert (heard.status, heard.body) == (204, b"")
    assert "Content-Type" not in heard.headers
    assert CORRELATION in heard.headers


@pytest.mark.parametrize(
    "recorded",
    [each["response"]["headers"] for each in exchanges().values() if "Transaction-Id" in each["response"]["headers"]],
)
async def test_a_capture_is_a_201_whose_headers_say_it_all(
    caller: Caller, sandbox: Sandbox, recorded: dict[str, str]
) -> None:
    heard = await caller.capture(500)

    capture_id = heard.headers["Capture-Id"]
    assert (heard.status, heard.body, heard.headers["Content-Length"]) == (201, b"", "0")
    assert heard.headers["Location"] == f"{sandbox.url}{ROOT}/{caller.order_id}/captures/{capture_id}"
    for name in ("Location", "Capture-Id", "Transaction-Id", CORRELATION):
        assert name in recorded
        assert name in heard.headers
    assert "Content-Type" not in heard.headers
    assert (await caller.call("GET", f"/captures/{capture_id}")).json["captured_amount"] == 500


async def test_a_refund_is_a_201_with_its_id(caller: Caller) -> None:
    await caller.capture(500)

    heard = await caller.call("POST", "/refunds", {"refunded_amount": 200})

    assert (heard.status, heard.body) == (201, b"")
    assert heard.headers["Location"].endswith(f"/refunds/{heard.headers['Refund-Id']}")


async def test_a_refusal_comes_in_klarnas_envelope(caller: Caller) -> None:
    await caller.capture(500)

    heard = await caller.call("POST", "/cancel")

    (message,) = heard.json["error_messages"]
    assert heard.status == 403
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.json == {
        "error_code": "CANCEL_NOT_ALLOWED",
        "error_messages": [message],
        "correlation_id": heard.headers[CORRELATION],
    }


async def test_every_exchange_has_a_correlation_id_of_its_own(caller: Caller) -> None:
    heard = [await caller.acknowledge("key") for _ in range(3)]

    assert len({each.headers[CORRELATION] for each in heard}) == 3


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b'{"captured_amount": NaN}'])
async def test_a_body_that_is_no_json_is_a_400(caller: Caller, body: bytes) -> None:
    heard = await caller.send(
        "POST",
        f"{ROOT}/{caller.order_id}/captures",
        body=body,
        headers={"Content-Type": "application/json"},
    )

    assert (heard.status, heard.error_code) == (400, "BAD_VALUE")


async def test_a_missing_field_is_worded_as_recorded(caller: Caller) -> None:
    heard = await caller.call("POST", "/captures", {})

    assert (heard.status, heard.json["error_messages"]) == (400, ["Bad value: captured_amount"])


async def test_a_value_out_of_bounds_is_a_422(caller: Caller) -> None:
    heard = await caller.capture(-1)

    assert (heard.status, heard.error_code) == (422, "UNPROCESSABLE_ENTITY")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_content_type_is_a_415(caller: Caller, content_type: str) -> None:
    heard = await caller.send(
        "POST",
        f"{ROOT}/{caller.order_id}/captures",
        body=b'{"captured_amount": 1}',
        headers={"Content-Type": content_type},
    )

    assert (heard.status, heard.error_code) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_content_type_with_a_charset_is_json_too(caller: Caller) -> None:
    heard = await caller.send(
        "POST",
        f"{ROOT}/{caller.order_id}/captures",
        body=b'{"captured_amount": 1}',
        headers={"Content-Type": "application/json;charset=utf-8"},
    )

    assert heard.status == 201


@pytest.mark.parametrize(("size", "status"), [(1_000_000, 422), (1_000_001, 413), (1_000_100, 413)])
async def test_a_body_above_one_megabyte_is_a_413(caller: Caller, size: int, status: int) -> None:
    frame = json.dumps({"captured_amount": 1, "description": ""}).encode()
    body = frame.replace(b'""', b'"' + b"x" * (size - len(frame)) + b'"')

    heard = await caller.send(
        "POST", f"{ROOT}/{caller.order_id}/captures", body=body, headers={"Content-Type": "application/json"}
    )

    assert heard.status == status


async def test_an_operation_without_a_body_ignores_one(caller: Caller) -> None:
    heard = await caller.send("POST", f"{ROOT}/{caller.order_id}/acknowledge", body=b"whatever")

    assert heard.status == 204


@pytest.mark.parametrize("path", ["/", "/ordermanagement/v1/orders", f"{ROOT}/a/b/c", "/payments/v1/sessions"])
async def test_an_address_that_the_api_does_not_have_is_a_404(caller: Caller, path: str) -> None:
    assert (await caller.send("GET", path)).status == 404


async def test_an_id_is_one_segment_however_it_is_quoted(caller: Caller) -> None:
    heard = await caller.send("GET", f"{ROOT}/a%2Fb")

    assert (heard.status, heard.error_code) == (400, "INVALID_ORDER_ID")


HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic c2FuZGJveDp3cm9uZw==", "Bearer c2FuZGJveDpzYW5kYm94", "Basic sandbox"]
)
async def test_wrong_credentials_are_a_401_that_is_a_web_page_of_the_gateway(
    caller: Caller, sandbox: Sandbox, authorization: str
) -> None:
    heard = await caller.send("GET", f"{ROOT}/{caller.order_id}", headers={"Authorization": authorization})

    assert (heard.status, heard.headers["Content-Type"]) == (401, HTML)
    assert heard.headers["Www-Authenticate"].startswith("Basic realm=")
    assert CORRELATION not in heard.headers
    assert heard.body.startswith(b"<html>")
    assert sandbox.requests == ()


async def test_wrong_credentials_learn_nothing_of_other_addresses(caller: Caller) -> None:
    assert (await caller.send("GET", "/nowhere", headers={"Authorization": ""})).status == 401


async def test_an_api_key_is_accepted_as_it_is(caller: Caller, sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Basic {sandbox.api_key}"}

    assert (await caller.send("GET", f"{ROOT}/{caller.order_id}", headers=headers)).status == 200


async def test_credentials_may_be_ones_own() -> None:
    async with (
        Sandbox(username="jörg", password="s:t", api_key="key") as sandbox,
        aiohttp.ClientSession() as session,
    ):
        caller = Caller(sandbox, session)
        sandbox_auth = {"Authorization": basic("sandbox", "sandbox")}
        own_auth = {"Authorization": basic("jörg", "s:t")}

        assert (await caller.send("GET", f"{ROOT}/{caller.order_id}", headers=own_auth)).status == 200
        assert (await caller.send("GET", f"{ROOT}/{caller.order_id}", headers=sandbox_auth)).status == 401

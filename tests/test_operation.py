"""How a call becomes a request and an answer becomes a result."""

from typing import Any
from uuid import UUID

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import InvalidRequest, KlarnaError, StatusError, UnreadableAnswer
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject, RefundObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire, json_answer

CAPTURE = CaptureObject(captured_amount=100)


@pytest.mark.parametrize(
    "headers",
    [
        {"Capture-Id": "c-1"},
        {"capture-id": "c-1"},
        {"Location": f"https://api.klarna.com/ordermanagement/v1/orders/{ORDER_ID}/captures/c-1"},
        {"location": f"/ordermanagement/v1/orders/{ORDER_ID}/captures/c-1/?x=1"},
        {"Capture-Id": "c-1", "Location": "https://api.klarna.com/captures/other"},
    ],
)
async def test_a_capture_is_named_by_its_header_else_by_its_location(
    klarna: KlarnaClient, server: Wire, headers: dict[str, str]
) -> None:
    server.will(Answer(201, headers))

    assert await klarna.captures.create(ORDER_ID, CAPTURE) == "c-1"


async def test_a_refund_is_named_by_its_header(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(201, {"Refund-Id": "r-1"}))

    assert await klarna.refunds.create(ORDER_ID, RefundObject(refunded_amount=5)) == "r-1"


async def test_a_capture_without_a_name_is_an_error_that_says_it_happened(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(201, {"Klarna-Correlation-Id": "corr", "Server": "envoy"}))

    with pytest.raises(UnreadableAnswer, match=r"\[corr\].*Klarna did it.*Capture-Id.*'Server': 'envoy'") as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.DONE
    assert caught.value.headers["server"] == "envoy"
    assert "do not repeat it" in caught.value.explain()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_success_and_an_unexpected_body_is_ignored(
    klarna: KlarnaClient, server: Wire, status: int
) -> None:
    server.will(Answer(status, body=b"" if status == 204 else b"<html>surprise"))

    await klarna.orders.acknowledge(ORDER_ID)


WRONG_AMOUNT = b'{"order_id": "%s", "order_amount": 7.5}' % ORDER_ID.encode()


@pytest.mark.parametrize("body", [b"", b"<html>", WRONG_AMOUNT, b'{"order_id": "x"'])
async def test_an_order_that_cannot_be_read_is_an_error_that_says_where(
    klarna: KlarnaClient, server: Wire, body: bytes
) -> None:
    server.will(Answer(200, {"Content-Type": "application/json"}, body))

    with pytest.raises(UnreadableAnswer, match="200, but unreadable"):
        await klarna.orders.get(ORDER_ID)


@pytest.mark.parametrize("order_id", ["", ".", "..", "\ud800", None, 7])
async def test_an_id_that_is_no_path_segment_is_refused_before_sending(
    klarna: KlarnaClient, server: Wire, order_id: Any
) -> None:
    with pytest.raises(InvalidRequest, match="order_id: must be a string, not empty") as caught:
        await klarna.orders.acknowledge(order_id)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert not server.requests


async def test_an_id_is_quoted_into_exactly_one_segment(klarna: KlarnaClient, server: Wire) -> None:
    await klarna.orders.acknowledge("a/../b?c#d e%2F")

    assert server.requests[0].path == "/ordermanagement/v1/orders/a%2F..%2Fb%3Fc%23d%20e%252F/acknowledge"


async def test_the_integrator_header_is_sent_when_given(klarna: KlarnaClient, server: Wire) -> None:
    server.will(json_answer({"order_id": ORDER_ID}))

    await klarna.orders.get(ORDER_ID, integrator="shop-plugin")

    assert server.requests[0].headers["klarna-integrator"] == "shop-plugin"


async def test_an_operation_without_a_row_goes_through_the_same_stack(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(503), json_answer({"adjusted": True}, 201))

    reply = await klarna.request(
        "POST", "/ordermanagement/v1/orders/x/authorization-adjustments?dry=1", content={"amount": 5}
    )

    assert reply.value == {"adjusted": True}
    assert (reply.status, len(reply.attempts)) == (201, 2)
    assert server.requests[0].body == b'{"amount":5}'
    assert server.requests[0].key == server.requests[1].key == reply.idempotency_key


async def test_a_raw_request_accepts_a_key_and_headers(klarna: KlarnaClient, server: Wire) -> None:
    reply = await klarna.request("PATCH", "/x", headers={"X-One": "1"}, idempotency_key="mine")

    assert reply.value is None
    assert (server.requests[0].key, server.requests[0].headers["x-one"]) == ("mine", "1")


async def test_a_raw_request_that_is_not_answered_in_json_is_an_error(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(200, {"Content-Type": "application/json"}, b"{"))

    with pytest.raises(UnreadableAnswer, match="200, but unreadable: not JSON"):
        await klarna.request("GET", "/x")


@pytest.mark.parametrize("path", ["x", "//evil.example/x", "https://evil.example/x", "/a b", "/a\r\nX: 1", "/a#b"])
async def test_a_free_request_stays_on_the_host(klarna: KlarnaClient, server: Wire, path: str) -> None:
    with pytest.raises(InvalidRequest, match="path: must start with one slash"):
        await klarna.request("GET", path)

    assert not server.requests


async def test_what_cannot_be_written_is_refused_with_everything_that_is_wrong(
    klarna: KlarnaClient, server: Wire
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await klarna.captures.create("", CaptureObject(captured_amount=object(), description="x" * 256))  # type: ignore[arg-type]

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "order_id",
        "captured_amount",
        "description",
    ]
    assert (caught.value.operation, caught.value.order_id) == ("captures.create", "")
    assert not server.requests


async def test_a_string_without_utf_8_is_refused_and_not_repeated(klarna: KlarnaClient) -> None:
    with pytest.raises(InvalidRequest, match="^(?!.*Anna)") as caught:
        await klarna.captures.create(ORDER_ID, CaptureObject(captured_amount=1, description="Anna \ud800"))

    assert caught.value.problems[0].startswith("description")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [{"captured_amount": 1}, RefundObject(refunded_amount=1), None, 7])
async def test_a_body_of_another_type_is_an_error_that_names_the_right_type(
    klarna: KlarnaClient, content: object
) -> None:
    with pytest.raises(InvalidRequest, match=r"content: captures.create takes CaptureObject, not \w+; .*from_dict"):
        await klarna.captures.create(ORDER_ID, content)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["klarna-idempotency-key", "AUTHORIZATION", "Host", "Content-Length"])
async def test_a_header_that_the_client_sets_is_not_set_twice(klarna: KlarnaClient, server: Wire, name: str) -> None:
    with pytest.raises(InvalidRequest, match="is set by the client"):
        await klarna.request("POST", "/x", headers={name: "x"})

    assert not server.requests


async def test_a_header_that_cannot_be_written_is_refused(klarna: KlarnaClient, server: Wire) -> None:
    with pytest.raises(InvalidRequest, match="headers: 'Klarna-Integrator' cannot be written") as caught:
        await klarna.orders.get(ORDER_ID, integrator="shop\r\nX-Evil: 1")

    assert (caught.value.outcome, caught.value.order_id) == (Outcome.NOT_SENT, ORDER_ID)
    assert not server.requests


async def test_a_path_that_is_no_operation_with_a_body_that_is_no_json_is_refused(klarna: KlarnaClient) -> None:
    with pytest.raises(InvalidRequest, match="content: cannot be written as JSON"):
        await klarna.request("POST", "/x", content={"a": object()})


@pytest.mark.parametrize("method", ["get", "HEAD", ""])
async def test_a_method_of_another_kind_is_refused(klarna: KlarnaClient, server: Wire, method: Any) -> None:
    with pytest.raises(InvalidRequest, match="method: must be one of GET, POST"):
        await klarna.request(method, "/x")

    assert not server.requests


@pytest.mark.parametrize("status", [101, 199])
async def test_what_is_no_2xx_is_no_success(make_client: MakeClient, server: Wire, status: int) -> None:
    server.otherwise = Answer(status)

    with pytest.raises(KlarnaError) as caught:
        await make_client(retry=Retry.off(), attempt_timeout=0.2).orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_an_answer_of_an_unheard_of_status_is_an_error(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(999)

    with pytest.raises(StatusError, match="999") as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_a_uuid_is_a_key(klarna: KlarnaClient, server: Wire) -> None:
    key = UUID("7849FD84-47DC-4919-A7CE-47B9F461562F")

    await klarna.orders.acknowledge(ORDER_ID, idempotency_key=key)
    await klarna.request("POST", "/x", idempotency_key=UUID(int=5))

    assert [request.key for request in server.requests] == [str(key), str(UUID(int=5))]


@pytest.mark.parametrize(("key", "kind"), [(7, "int"), (b"k", "bytes"), (True, "bool"), (["k"], "list")])
async def test_a_key_that_is_no_string_is_refused(klarna: KlarnaClient, server: Wire, key: Any, kind: str) -> None:
    for call in (
        lambda: klarna.orders.acknowledge(ORDER_ID, idempotency_key=key),
        lambda: klarna.request("POST", "/x", idempotency_key=key),
    ):
        with pytest.raises(InvalidRequest, match=f"idempotency_key: must be a string or a uuid.UUID, not {kind}"):
            await call()

    assert not server.requests

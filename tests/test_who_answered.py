"""An answer is Klarna's only when it looks like Klarna's. Whatever else comes back says nothing of the effect."""

import json
from typing import Any

import pytest

from klarna_om.answers.classification import classify, outcome_of_head
from klarna_om.catalogue import (
    ACKNOWLEDGE,
    CATALOGUE,
    CREATE_CAPTURE,
    DUE_DATE_OPTIONS,
    GET_CAPTURE,
    GET_ORDER,
    GET_REFUND,
    LIST_CAPTURES,
    TRIGGER_SEND_OUT,
)
from klarna_om.client import KlarnaClient
from klarna_om.errors import AnswerCut, NotAllowed, RateLimited, UnreadableAnswer, UnrecognizedAnswer
from klarna_om.exchange import Request, Response
from klarna_om.operation import Operation
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Wire, json_answer

OTHER_ID = "0a1b2c3d-1111-4222-8333-444455556666"
CAPTURE = CaptureObject(captured_amount=100)
PAGE = Answer(200, {"Content-Type": "text/html"}, b"<html><title>Welcome to the hotel</title></html>", is_signed=False)
WRITES = [row for row in CATALOGUE if row.method != "GET"]

OTHER_SERVERS = {
    "a page": PAGE,
    "a page without a type": Answer(200, {}, b"<!DOCTYPE html>", is_signed=False),
    "a page with a correlation id": Answer(200, {"Content-Type": "text/html"}, b"<html>"),
    "an empty 200": Answer(200, is_signed=False),
    "an empty 202": Answer(202, is_signed=False),
    "JSON of something else": json_answer({"status": "ok"}, is_signed=False),
    "not JSON": Answer(200, {"Content-Type": "text/plain"}, b"ok", is_signed=False),
    "no UTF-8": Answer(200, {"Content-Type": "application/json"}, b'"\xff\xfe"', is_signed=False),
}
FOREIGN_REFUSALS = {
    "an empty 403": Answer(403, is_signed=False),
    "a 404 page": Answer(404, {"Content-Type": "text/html"}, b"<html>Not found", is_signed=False),
    "a 404 of another service": json_answer({"message": "no Route matched"}, 404, is_signed=False),
    "a numeric code": json_answer({"error_code": 1010, "title": "banned"}, 403, is_signed=False),
    "a code in lower case": json_answer({"error_code": "not_found"}, 404, is_signed=False),
    "a 400 of a proxy": Answer(400, {"Content-Type": "text/html"}, b"<html>", is_signed=False),
    "a 413 of a proxy": Answer(413, is_signed=False),
}


def request_of(row: Operation[Any]) -> Request:
    ids = {"order_id": ORDER_ID, "capture_id": OTHER_ID, "refund_id": OTHER_ID}
    return Request(row.name, row.method, row.path.format_map(ids), ORDER_ID, expects=row.expects)


def answer_to(row: Operation[Any], status: int, headers: dict[str, str], document: object = None) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    return Response(request_of(row), status, headers, body)


@pytest.mark.parametrize("sender", OTHER_SERVERS)
@pytest.mark.parametrize("row", WRITES, ids=lambda row: row.name)
def test_a_2xx_that_an_operation_does_not_return_proves_nothing(row: Operation[Any], sender: str) -> None:
    answer = OTHER_SERVERS[sender]

    headers = {"Klarna-Correlation-Id": "c", **answer.headers} if answer.is_signed else answer.headers
    found = classify(Response(request_of(row), answer.status, headers, answer.body))

    assert (found.outcome, found.is_klarnas) == (Outcome.UNKNOWN, False)
    assert found.problem


@pytest.mark.parametrize("answer", FOREIGN_REFUSALS.values(), ids=FOREIGN_REFUSALS)
async def test_a_4xx_without_klarnas_error_code_is_no_refusal(
    make_client: MakeClient, server: Wire, answer: Answer
) -> None:
    server.otherwise = answer

    with pytest.raises(UnrecognizedAnswer) as caught:
        await make_client().captures.create(ORDER_ID, CAPTURE)

    assert (caught.value.outcome, caught.value.status) == (Outcome.UNKNOWN, answer.status)
    assert len({request.key for request in server.requests}) == 1
    assert len(server.requests) == 4


async def test_a_write_behind_a_portal_is_repeated_under_its_key_until_klarna_answers(
    klarna: KlarnaClient, server: Wire
) -> None:
    server.will(PAGE, PAGE)

    await klarna.orders.acknowledge(ORDER_ID, idempotency_key="k")

    assert [request.key for request in server.requests] == ["k", "k", "k"]


async def test_a_portal_that_stays_leaves_the_write_unknown_and_shows_its_page(
    klarna: KlarnaClient, server: Wire
) -> None:
    server.otherwise = PAGE

    with pytest.raises(UnrecognizedAnswer, match="Welcome to the hotel.* does not look like Klarna's") as caught:
        await klarna.orders.cancel(ORDER_ID)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.body == PAGE.body


@pytest.mark.parametrize(
    "answer", [Answer(200, {"Content-Type": "application/json"}, b"{}"), Answer(202), Answer(200, {}, b"fine")]
)
async def test_klarna_may_add_a_body_or_answer_another_2xx(klarna: KlarnaClient, server: Wire, answer: Answer) -> None:
    server.otherwise = answer

    await klarna.orders.acknowledge(ORDER_ID)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("row", "headers", "document", "is_klarnas"),
    [
        (GET_ORDER, {}, {"order_id": ORDER_ID.upper()}, True),
        (GET_ORDER, {}, {"order_id": OTHER_ID}, False),
        (GET_ORDER, {"Klarna-Correlation-Id": "c"}, {"order_id": OTHER_ID}, False),
        (GET_ORDER, {"Klarna-Correlation-Id": "c"}, {"order_amount": 1}, False),
        (GET_ORDER, {"Klarna-Correlation-Id": "c"}, {}, False),
        (GET_ORDER, {"Klarna-Correlation-Id": "c"}, {"capture_id": OTHER_ID, "captured_amount": 1}, False),
        (GET_ORDER, {}, {"order_amount": 1}, False),
        (GET_ORDER, {}, {"order_id": ORDER_ID, "order_amount": "x"}, True),
        (GET_ORDER, {}, {"order_id": OTHER_ID, "order_amount": "x"}, False),
        (GET_ORDER, {}, [], False),
        (GET_CAPTURE, {}, {"capture_id": OTHER_ID}, True),
        (GET_CAPTURE, {}, {"capture_id": ORDER_ID}, False),
        (GET_CAPTURE, {"Klarna-Correlation-Id": "c"}, {"order_id": OTHER_ID, "captured_amount": 1}, False),
        (GET_REFUND, {}, {"refund_id": OTHER_ID}, True),
        (GET_REFUND, {"Klarna-Correlation-Id": "c"}, {"refunded_amount": 1}, False),
        (LIST_CAPTURES, {}, [], False),
        (LIST_CAPTURES, {}, [None], False),
        (LIST_CAPTURES, {"Klarna-Correlation-Id": "c"}, [], True),
        (LIST_CAPTURES, {}, [{"capture_id": OTHER_ID}], True),
        (LIST_CAPTURES, {}, [{"capture_id": OTHER_ID}, {"name": "x"}], False),
        (LIST_CAPTURES, {}, {"error": "x"}, False),
        (LIST_CAPTURES, {"Klarna-Correlation-Id": "c"}, [{"captured_amount": 1}], False),
        (LIST_CAPTURES, {"Klarna-Correlation-Id": "c"}, [{"order_id": ORDER_ID}], False),
        (DUE_DATE_OPTIONS, {"Klarna-Correlation-Id": "c"}, {"options": [{}], "currency": "SEK"}, True),
        (DUE_DATE_OPTIONS, {"Klarna-Correlation-Id": "c"}, {"order_id": ORDER_ID}, False),
    ],
)
def test_a_document_is_klarnas_when_it_names_what_was_asked_for(
    row: Operation[Any], headers: dict[str, str], document: object, is_klarnas: bool
) -> None:
    assert classify(answer_to(row, 200, headers, document)).is_klarnas is is_klarnas


async def test_an_answer_about_another_order_is_never_returned(klarna: KlarnaClient, server: Wire) -> None:
    server.will(json_answer({"order_id": OTHER_ID}), json_answer({"order_id": ORDER_ID, "order_amount": 5}))

    order = await klarna.orders.get(ORDER_ID)

    assert (order.order_id, order.order_amount) == (ORDER_ID, 5)
    assert server.connections == 2


SIGNED = {"Klarna-Correlation-Id": "c"}


@pytest.mark.parametrize(
    ("row", "status", "headers", "document"),
    [
        (ACKNOWLEDGE, 200, SIGNED, {"order_id": OTHER_ID}),
        (ACKNOWLEDGE, 201, {**SIGNED, "Location": f"/orders/{OTHER_ID}/captures/c"}, None),
        (ACKNOWLEDGE, 201, {**SIGNED, "Location": f"/orders/{ORDER_ID}/captures/c"}, None),
        (TRIGGER_SEND_OUT, 200, SIGNED, {"capture_id": ORDER_ID}),
        (TRIGGER_SEND_OUT, 200, {**SIGNED, "Location": f"/orders/{ORDER_ID}/captures/{ORDER_ID}"}, None),
        (CREATE_CAPTURE, 201, {**SIGNED, "Capture-Id": "c"}, {"order_id": OTHER_ID}),
    ],
)
def test_what_klarna_answers_about_something_else_says_nothing(
    row: Operation[Any], status: int, headers: dict[str, str], document: object
) -> None:
    found = classify(answer_to(row, status, headers, document))

    assert (found.outcome, found.is_klarnas) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize(
    ("document", "headers"),
    [
        ({"order_id": ORDER_ID.upper()}, {}),
        ([{"order_id": OTHER_ID}], {}),
        (None, {"Location": "/elsewhere"}),
        (None, {"Location": f"/orders/{ORDER_ID}"}),
    ],
)
def test_what_names_nothing_else_may_come_with_a_success(document: object, headers: dict[str, str]) -> None:
    assert classify(answer_to(ACKNOWLEDGE, 200, {**SIGNED, **headers}, document)).outcome is Outcome.DONE


BELOW = f"/ordermanagement/v1/orders/{ORDER_ID}/captures"


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "is_klarnas"),
    [
        (201, {"Capture-Id": "c"}, Outcome.DONE, True),
        (200, {"Capture-Id": "c"}, Outcome.DONE, True),
        (201, {"Location": f"https://api.klarna.com{BELOW}/c"}, Outcome.DONE, True),
        (201, {"Location": f"https://api.klarna.com{BELOW.upper()}/c"}, Outcome.DONE, True),
        (201, {"Location": f"https://api.klarna.com{BELOW}"}, Outcome.DONE, True),
        (201, {"Klarna-Correlation-Id": "c"}, Outcome.DONE, True),
        (201, {}, Outcome.UNKNOWN, False),
        (201, {"Location": "https://www.example.com/"}, Outcome.UNKNOWN, False),
        (201, {"Capture-Id": "c", "Location": f"/orders/{OTHER_ID}/captures/c"}, Outcome.UNKNOWN, False),
        (201, {"Klarna-Correlation-Id": "c", "Location": f"/orders/{ORDER_ID}/refunds/r"}, Outcome.UNKNOWN, False),
        (200, {"Klarna-Correlation-Id": "c"}, Outcome.UNKNOWN, False),
        (204, {"Klarna-Correlation-Id": "c"}, Outcome.UNKNOWN, False),
        (201, {"Capture-Id": "c", "Content-Type": "text/html"}, Outcome.UNKNOWN, False),
        (201, {"Capture-Id": "c", "Location": f"{BELOW}/c"}, Outcome.DONE, True),
    ],
)
def test_a_creation_is_klarnas_by_the_new_id(
    status: int, headers: dict[str, str], outcome: Outcome, is_klarnas: bool
) -> None:
    found = classify(answer_to(CREATE_CAPTURE, status, {**headers}))

    assert (found.outcome, found.is_klarnas) == (outcome, is_klarnas)
    assert outcome_of_head(request_of(CREATE_CAPTURE), status, headers) is outcome


async def test_a_location_without_an_id_is_done_and_shows_the_headers(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(201, {"Location": f"{server.url}{BELOW}"})

    with pytest.raises(UnreadableAnswer, match=r"neither Capture-Id nor a Location with an id.*captures'") as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("answer", "kind", "outcome"),
    [
        (Answer(403), NotAllowed, Outcome.REFUSED),
        (json_answer({"error_code": "NOT_ALLOWED"}, 403, is_signed=False), NotAllowed, Outcome.REFUSED),
        (Answer(429, {"X-Ratelimit-Limit": "200, 200;w=1"}, is_signed=False), RateLimited, Outcome.NOT_SENT),
        (Answer(429, is_signed=False), RateLimited, Outcome.UNKNOWN),
    ],
)
async def test_a_refusal_is_klarnas_by_its_code_or_its_headers(
    make_client: MakeClient, server: Wire, answer: Answer, kind: type[Exception], outcome: Outcome
) -> None:
    server.otherwise = answer

    with pytest.raises(kind) as caught:
        await make_client(retry=Retry.off()).orders.cancel(ORDER_ID)

    assert getattr(caught.value, "outcome", None) is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, {"Content-Type": "text/html"}, b"<html>" * 9, is_signed=False), Outcome.UNKNOWN),
        (Answer(200, {}, b"{}" * 9), Outcome.DONE),
        (Answer(403, {}, b"{}" * 9, is_signed=False), Outcome.UNKNOWN),
        (Answer(403, {}, b"{}" * 9), Outcome.REFUSED),
        (Answer(500, {}, b"{}" * 9), Outcome.UNKNOWN),
    ],
)
async def test_a_truncated_answer_has_the_outcome_that_its_head_shows(
    make_client: MakeClient, server: Wire, answer: Answer, outcome: Outcome
) -> None:
    server.otherwise = Broken(Cut.MID_BODY, answer)

    with pytest.raises(AnswerCut) as caught:
        await make_client(retry=Retry.off()).orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is outcome


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, {"Content-Type": "text/html"}, b"<html>"), UnrecognizedAnswer),
        (Answer(200, {}, b"{", is_signed=False), UnrecognizedAnswer),
        (Answer(200, {"Content-Type": "application/json"}, b"[" * 100_000), UnreadableAnswer),
        (Answer(200, {"Content-Type": "application/json"}, b'"\xff"'), UnreadableAnswer),
    ],
)
async def test_what_a_free_request_brings_is_json_or_nothing(
    make_client: MakeClient, server: Wire, answer: Answer, error: type[Exception]
) -> None:
    server.otherwise = answer

    with pytest.raises(error):
        await make_client(retry=Retry.off()).request("GET", "/x")


async def test_a_redirect_says_where_to(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(301, {"Location": "https://www.example.com/login"}, is_signed=False)

    with pytest.raises(Exception, match=r"301 to https://www.example.com/login, which is not followed") as caught:
        await klarna.orders.acknowledge(ORDER_ID)

    assert getattr(caught.value, "outcome", None) is Outcome.UNKNOWN
    assert len(server.requests) == 1


async def test_a_response_that_a_middleware_makes_is_read_like_an_answer(make_client: MakeClient) -> None:
    async def cached(request: Request, below: object) -> Response:
        document = {"order_id": ORDER_ID, "order_amount": 7}
        return Response(request, 200, {"Klarna-Correlation-Id": "c"}, json.dumps(document).encode())

    order = await make_client(middleware=[cached]).orders.get(ORDER_ID)

    assert order.order_amount == 7


@pytest.mark.parametrize(
    ("headers", "outcome"), [({"Klarna-Correlation-Id": "c"}, Outcome.DONE), ({}, Outcome.UNKNOWN)]
)
def test_a_free_request_whose_answer_was_cut_is_done_by_klarnas_header(
    headers: dict[str, str], outcome: Outcome
) -> None:
    assert outcome_of_head(Request("POST /x", "POST", "/x"), 200, headers) is outcome


@pytest.mark.parametrize(
    "headers",
    [
        {"Capture-Id": "../../x, y"},
        {"Location": f"/ordermanagement/v1/orders/{ORDER_ID}"},
        {"Location": "/login"},
        {"Location": f"{BELOW}/c/shipping-info"},
        {"Location": f"{BELOW}/.."},
        {"Location": f"{BELOW}/c#f"},
        {"Capture-Id": "a", "Location": f"{BELOW}/b"},
    ],
)
async def test_what_is_no_clear_id_is_none(klarna: KlarnaClient, server: Wire, headers: dict[str, str]) -> None:
    server.otherwise = Answer(201, headers)

    with pytest.raises(UnreadableAnswer) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.DONE


@pytest.mark.parametrize("answer", [Answer(200, is_signed=False), json_answer({"status": "ok"}, is_signed=False)])
async def test_a_raw_write_that_another_server_answers_is_in_doubt(
    make_client: MakeClient, server: Wire, answer: Answer
) -> None:
    server.otherwise = answer

    with pytest.raises(UnrecognizedAnswer) as caught:
        await make_client(retry=Retry.off()).request("POST", "/x")

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_a_free_read_of_another_order_is_not_returned(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = json_answer({"order_id": OTHER_ID})

    with pytest.raises(UnrecognizedAnswer, match="order_id is not the one"):
        await make_client(retry=Retry.off()).request("GET", f"/ordermanagement/v1/orders/{ORDER_ID}")

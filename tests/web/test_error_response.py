"""An error becomes a status and a body with what is known, and nothing of anybody."""

import json
import subprocess
import sys
from typing import Any

import pytest

from klarna_om import (
    AnswerTimeout,
    CaptureObject,
    CertificateRejected,
    ClientClosed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    IdempotencyKeyReused,
    InvalidRequest,
    KeyExpired,
    KlarnaClient,
    KlarnaError,
    NotConfirmed,
    NotFound,
    Outcome,
    QueueTimeout,
    ReferenceTaken,
    Retry,
    capture_once,
    errors,
)
from klarna_om.outbox.errors import IntentNotFound, ReferenceInUse, SchemaMissing
from klarna_om.sandbox import Sandbox
from klarna_om.web import error_response
from tests.conftest import MakeClient
from tests.support.calls import CALLS, ORDER_ID
from tests.support.wire import Broken, Cut, Wire, json_answer


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("x"), 500),
        (InvalidRequest(("order_lines[0].name: jane",)), 422),
        (IdempotencyKeyReused("x"), 409),
        (ReferenceTaken("x"), 409),
        (ReferenceInUse("x"), 409),
        (IntentNotFound("x"), 404),
        (KeyExpired("x"), 409),
        (ClientClosed("x"), 503),
        (QueueTimeout("x"), 503),
        (ConnectionFailed("x"), 503),
        (CertificateRejected("x"), 503),
        (AnswerTimeout("x"), 504),
        (ConnectionLost("x"), 504),
        (NotConfirmed("x", "7"), 504),
        (IntentNotFound("jane"), 404),
        (SchemaMissing("x"), 500),
        (KlarnaError("x"), 409),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_was_not_sent_is_503_and_what_is_in_doubt_504(error: KlarnaError, status: int) -> None:
    response = error_response(error)

    assert response.status == status
    assert response.headers == ({"Retry-After": "5"} if status == 503 else {})
    assert response.body["outcome"] == error.outcome.value
    assert "jane" not in json.dumps(response.body)


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [
        (302, 504, "unknown"), (400, 422, "refused"), (401, 500, "refused"), (403, 409, "refused"),
        (404, 404, "refused"), (408, 504, "unknown"), (409, 409, "refused"), (413, 422, "refused"),
        (422, 422, "refused"), (429, 503, "not_sent"), (500, 504, "unknown"), (503, 504, "unknown"),
    ],
)  # fmt: skip
async def test_each_answer_of_klarna_has_its_status(
    make_client: MakeClient, server: Wire, answer: int, status: int, outcome: str
) -> None:
    klarna = make_client(retry=Retry.off())
    document = {"error_code": "SOME_CODE", "error_messages": ["Jane Doe is not allowed"], "correlation_id": "c-1"}
    server.otherwise = json_answer(document, answer, {"Klarna-Correlation-Id": "c-1"})

    with pytest.raises(KlarnaError) as caught:
        await CALLS["captures.create"](klarna)

    response = error_response(caught.value)
    assert (response.status, response.body["outcome"]) == (status, outcome)
    assert response.body["order_id"] == ORDER_ID
    assert response.body["correlation_id"] == "c-1"
    assert response.body["operation"] == "captures.create"
    assert "Jane" not in json.dumps(response.body)


async def test_nothing_of_a_path_that_the_catalogue_does_not_know_is_in_the_body(
    make_client: MakeClient, server: Wire
) -> None:
    server.otherwise = json_answer({"error_code": "NOT_FOUND"}, 404)

    with pytest.raises(NotFound) as caught:
        await make_client().request("GET", f"/ordermanagement/v1/orders/{ORDER_ID}/persons/jane@example.com?ssn=123")

    response = error_response(caught.value)
    assert (response.status, response.body["operation"], response.body["order_id"]) == (404, "request", ORDER_ID)
    assert "jane" not in json.dumps(response.body)


async def test_an_advice_with_the_orders_amounts_is_not_in_the_body() -> None:
    async with Sandbox(limit=None) as sandbox:
        klarna, order_id = sandbox.client(), sandbox.order(order_amount=1000).order_id or ""
        with pytest.raises(KlarnaError) as caught:
            await capture_once(klarna, order_id, CaptureObject(captured_amount=1234, reference="parcel-1"))

    assert "1234" in caught.value.what_to_do()
    assert error_response(caught.value).status == 409
    assert "1234" not in error_response(caught.value).body["advice"]


def test_answering_errors_of_the_outbox_needs_no_database_driver() -> None:
    code = "import sys, klarna_om.web; print(*sys.modules)"

    python = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert {"psycopg", "sqlalchemy", "klarna_om.outbox"} & set(python.stdout.split()) == set()


async def test_a_refusal_after_an_attempt_in_doubt_is_a_504(make_client: MakeClient, server: Wire) -> None:
    server.will(Broken(Cut.AFTER_REQUEST), json_answer({"error_code": "CAPTURE_NOT_ALLOWED"}, 403))

    with pytest.raises(KlarnaError) as caught:
        await CALLS["captures.create"](make_client())

    assert error_response(caught.value).status == 504


async def test_what_happened_and_could_not_be_read_is_a_500_that_says_done(
    make_client: MakeClient, server: Wire
) -> None:
    server.otherwise = json_answer({}, 201)

    with pytest.raises(KlarnaError) as caught:
        await CALLS["captures.create"](make_client())

    response = error_response(caught.value)
    assert (response.status, response.body["outcome"]) == (500, "done")
    assert "do not repeat it" in response.body["advice"]


@pytest.mark.parametrize(("seconds", "shown"), [("7", "7"), ("0", "0")])
async def test_what_klarna_asks_for_is_passed_on(
    make_client: MakeClient, server: Wire, seconds: str, shown: str
) -> None:
    klarna = make_client(retry=Retry.off())
    server.otherwise = json_answer({}, 503, {"Retry-After": seconds})

    with pytest.raises(KlarnaError) as caught:
        await CALLS["captures.create"](klarna)

    assert error_response(caught.value).headers == {"Retry-After": shown}


def test_half_a_second_is_a_second_to_come_back_after() -> None:
    error = QueueTimeout("x")
    error.retry_after = 0.5

    assert error_response(error).headers == {"Retry-After": "1"}


@pytest.mark.parametrize("code", [None, "", "jane@example.com", "X" * 65, "has blanks", "<script>"])
def test_a_code_that_is_none_is_not_shown(code: str | None) -> None:
    error = KlarnaError("x")
    error.error_code = code

    assert error_response(error).body["error_code"] is None


def test_a_code_of_somebody_else_is_not_shown() -> None:
    error = KlarnaError("x")
    error.error_code, error.is_klarnas = "LOOKS_LIKE_ONE", False

    assert error_response(error).body["error_code"] is None


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("name", errors.__all__)
def test_every_kind_of_error_with_any_outcome_is_answered(name: str, outcome: Outcome) -> None:
    kind: Any = getattr(errors, name)
    error = kind.__new__(kind)
    KlarnaError.__init__(error, "x")
    error.outcome = outcome

    response = error_response(error)

    assert response.status in {404, 409, 422, 500, 503, 504}
    assert (response.status == 504) == (outcome is Outcome.UNKNOWN)
    assert response.status == 500 or outcome is not Outcome.DONE
    json.dumps(response.body)


async def test_no_key_and_no_secret_is_in_the_body() -> None:
    async with KlarnaClient("http://127.0.0.1:1", api_key="klarna_secret", retry=Retry.off()) as klarna:
        with pytest.raises(ConnectionFailed) as caught:
            await klarna.orders.acknowledge(ORDER_ID, idempotency_key="the-key")

    text = json.dumps(error_response(caught.value).body)
    assert "the-key" not in text
    assert "secret" not in text

"""Every refusal becomes one typed error that can be read, logged, pickled and handled."""

import copy
import inspect
import pickle

import pytest

from klarna_om import errors
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, RateLimited, StatusError
from klarna_om.outcome import Outcome
from klarna_om.types import CaptureObject
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire, json_answer

CAPTURE = CaptureObject(captured_amount=100)
TREE = inspect.getdoc(errors) or ""


def tree_of(cls: type[KlarnaError]) -> set[type[KlarnaError]]:
    return {cls}.union(*(tree_of(below) for below in cls.__subclasses__()))


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    drawn = {word for line in TREE.splitlines() for word in line.split() if hasattr(errors, word)}

    assert {cls.__name__ for cls in tree_of(KlarnaError) if cls.__module__.startswith("klarna_om.errors")} == drawn


@pytest.mark.parametrize(
    ("status", "name", "outcome"),
    [
        (302, "UnexpectedRedirect", Outcome.UNKNOWN),
        (400, "BadRequest", Outcome.REFUSED),
        (401, "Unauthorized", Outcome.REFUSED),
        (403, "NotAllowed", Outcome.REFUSED),
        (404, "NotFound", Outcome.REFUSED),
        (405, "StatusError", Outcome.REFUSED),
        (408, "RequestTimeout", Outcome.UNKNOWN),
        (409, "Conflict", Outcome.REFUSED),
        (413, "PayloadTooLarge", Outcome.REFUSED),
        (415, "StatusError", Outcome.REFUSED),
        (422, "Unprocessable", Outcome.REFUSED),
        (429, "RateLimited", Outcome.NOT_SENT),
        (500, "ServerError", Outcome.UNKNOWN),
        (501, "ServerError", Outcome.UNKNOWN),
        (504, "ServerError", Outcome.UNKNOWN),
    ],
)
async def test_a_status_has_its_class_and_its_outcome(
    klarna: KlarnaClient, server: Wire, status: int, name: str, outcome: Outcome
) -> None:
    server.otherwise = Answer(status)

    with pytest.raises(StatusError) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert (type(caught.value).__name__, caught.value.outcome, caught.value.status) == (name, outcome, status)


async def test_an_error_carries_the_facts_of_its_call(klarna: KlarnaClient, server: Wire) -> None:
    server.will(
        json_answer(
            {"error_code": "CAPTURE_NOT_ALLOWED", "error_messages": ["Too much.", "Try less."], "correlation_id": "c"},
            403,
            headers={"Klarna-Correlation-Id": "in-header"},
        )
    )  # fmt: skip

    with pytest.raises(errors.NotAllowed) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="shipment-7")

    error = caught.value
    assert (error.error_code, error.error_messages) == ("CAPTURE_NOT_ALLOWED", ("Too much.", "Try less."))
    assert (error.operation, error.order_id, error.idempotency_key) == ("captures.create", ORDER_ID, "shipment-7")
    assert (error.correlation_id, error.headers["KLARNA-CORRELATION-ID"]) == ("in-header", "in-header")
    assert len(error.attempts) == 1
    assert str(error) == (
        f"[in-header] captures.create {ORDER_ID}: 403 CAPTURE_NOT_ALLOWED: Too much. Try less."
        " (outcome refused, idempotency key shipment-7)"
    )


async def test_the_correlation_id_of_the_body_serves_where_the_header_is_missing(
    klarna: KlarnaClient, server: Wire
) -> None:
    server.will(json_answer({"error_code": "NOT_FOUND", "correlation_id": "in-body"}, 404, is_signed=False))

    with pytest.raises(errors.NotFound, match=r"^\[in-body\] orders.get"):
        await klarna.orders.get(ORDER_ID)


async def test_an_error_without_any_correlation_id_says_so(klarna: KlarnaClient, server: Wire) -> None:
    server.will(
        Answer(401, {"Content-Type": "text/html"}, b"<html><title>401 Authorization Required</title>", is_signed=False)
    )

    with pytest.raises(errors.Unauthorized, match=r"^\[no correlation id\] .*: 401: Authorization Required"):
        await klarna.orders.get(ORDER_ID)


async def test_explain_lists_each_attempt_the_rule_and_what_to_do_now(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(503, {"Klarna-Correlation-Id": "corr"})

    with pytest.raises(errors.ServerError) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="key-1")

    shown = caught.value.explain()
    assert shown.count("(rule: 5xx") == 4
    assert "attempt 1: 503" in shown
    assert "waited 0.500 s" in shown
    assert "stopped: attempt 4 is the last that the policy allows" in shown
    assert "repeat it with the same idempotency key until 2027-01-16 08:00:00 UTC, or read the order back" in shown
    assert "4 attempts in" in str(caught.value)


async def test_an_unknown_read_is_simply_called_again(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(500)

    with pytest.raises(errors.ServerError) as caught:
        await klarna.orders.get(ORDER_ID)

    assert "call again, it changes nothing" in caught.value.explain()


async def test_an_error_survives_pickling_and_copying(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(403, {"X-One": "1"}))

    with pytest.raises(errors.NotAllowed) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    for duplicate in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert type(duplicate) is errors.NotAllowed
        assert str(duplicate) == str(caught.value)
        assert duplicate.explain() == caught.value.explain()
        assert duplicate.headers["x-one"] == "1"


def test_every_class_of_the_tree_survives_pickling() -> None:
    for cls in tree_of(KlarnaError):
        error = cls.__new__(cls, "message")
        error.args, error.message = ("message",), "message"
        assert str(pickle.loads(pickle.dumps(error))) == "message"


async def test_a_rate_limit_says_when_to_come_back(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(429, {"Retry-After": "99999"})

    with pytest.raises(RateLimited) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.retry_after == 99999
    assert len(server.requests) == 1
    assert "the server asks to wait 99999 s" in caught.value.stopped


async def test_a_refusal_after_an_attempt_in_doubt_leaves_the_doubt(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(500), json_answer({"error_code": "CAPTURE_NOT_ALLOWED"}, 403))

    with pytest.raises(errors.NotAllowed) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert "it may have happened" in caught.value.explain()


async def test_a_refused_read_is_refused_whatever_came_before(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(500), Answer(403))

    with pytest.raises(errors.NotAllowed) as caught:
        await klarna.orders.get(ORDER_ID)

    assert caught.value.outcome is Outcome.REFUSED

"""The spans of a call: one for the operation, one for each attempt, and nothing in them that is secret or personal."""

import asyncio
import logging
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.otel import OpenTelemetry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.otel.conftest import Exported
from tests.support.calls import CALLS, ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Wire, json_answer

CAPTURE = CaptureObject(captured_amount=100, description="for Ann Smith")
TEMPLATE = "/ordermanagement/v1/orders/{order_id}/captures"


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_call_has_a_span_and_each_attempt_one_below_it(
    klarna: KlarnaClient, server: Wire, exported: Exported
) -> None:
    server.will(Answer(503, {"Klarna-Correlation-Id": "first"}))
    server.will(Answer(201, {"Capture-Id": "c", "Klarna-Correlation-Id": "second"}))

    await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="key")

    first, second, call = exported.spans()
    assert (call.name, call.kind, call.parent) == ("captures.create", SpanKind.INTERNAL, None)
    assert attributes(call) == {
        "klarna_om.operation": "captures.create",
        "klarna_om.order_id": ORDER_ID,
        "klarna_om.idempotency_key": "key",
        "klarna_om.outcome": "done",
        "klarna_om.correlation_id": "second",
        "klarna_om.attempts": 2,
    }
    assert call.status.status_code is StatusCode.UNSET
    for span in (first, second):
        assert (span.name, span.kind) == (f"POST {TEMPLATE}", SpanKind.CLIENT)
        assert span.parent is not None
        assert span.parent.span_id == call.context.span_id
    port = int(server.url.rpartition(":")[2])
    assert attributes(first) == {
        "http.request.method": "POST",
        "url.full": f"{server.url}/ordermanagement/v1/orders/{ORDER_ID}/captures",
        "server.address": "127.0.0.1",
        "server.port": port,
        "http.response.status_code": 503,
        "error.type": "503",
        "klarna_om.url_template": TEMPLATE,
        "klarna_om.operation": "captures.create",
        "klarna_om.order_id": ORDER_ID,
        "klarna_om.idempotency_key": "key",
        "klarna_om.outcome": "unknown",
        "klarna_om.correlation_id": "first",
    }
    assert first.status.status_code is StatusCode.ERROR
    assert attributes(second)["http.request.resend_count"] == 1
    assert attributes(second)["http.response.status_code"] == 201
    assert "error.type" not in attributes(second)
    assert second.status.status_code is StatusCode.UNSET


FAILURES: list[tuple[Answer | Broken, str, str]] = [
    (json_answer({"error_code": "CAPTURE_NOT_ALLOWED"}, 403), "403", "refused"),
    (Broken(Cut.RESET), "ConnectionLost", "unknown"),
    (json_answer({"welcome": "to the portal"}, is_signed=False), "UnrecognizedAnswer", "unknown"),
    (Answer(302, {"Location": "https://elsewhere"}), "UnexpectedRedirect", "unknown"),
    (Answer(201), "UnreadableAnswer", "done"),
]


@pytest.mark.parametrize(("answer", "error_type", "outcome"), FAILURES)
async def test_a_failure_says_its_type_and_outcome(
    answer: Any, error_type: str, outcome: str, klarna: KlarnaClient, server: Wire, exported: Exported
) -> None:
    server.otherwise = answer

    with pytest.raises(KlarnaError):
        await klarna.captures.create(ORDER_ID, CAPTURE)

    for span in exported.spans():
        assert attributes(span)["error.type"] == error_type
        assert attributes(span)["klarna_om.outcome"] == outcome
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
        assert span.events == ()  # an exception's text may hold what Klarna answered


async def test_a_refusal_has_klarnas_code(klarna: KlarnaClient, server: Wire, exported: Exported) -> None:
    server.will(json_answer({"error_code": "CAPTURE_NOT_ALLOWED", "error_messages": ["Ann Smith"]}, 403))

    with pytest.raises(KlarnaError):
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert attributes(exported.spans()[-1])["klarna_om.error_code"] == "CAPTURE_NOT_ALLOWED"


async def test_a_cancelled_call_ends_its_spans(klarna: KlarnaClient, server: Wire, exported: Exported) -> None:
    server.otherwise = Broken(Cut.HANG)
    call = asyncio.ensure_future(klarna.captures.create(ORDER_ID, CAPTURE))
    while not server.requests:
        await asyncio.sleep(0.001)

    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    ended = [(attributes(span)["error.type"], attributes(span)["klarna_om.outcome"]) for span in exported.spans()]
    assert ended == [("CancelledError", "unknown")] * 2


async def test_no_name_of_a_span_has_an_id(klarna: KlarnaClient, server: Wire, exported: Exported) -> None:
    server.otherwise = json_answer({"error_code": "NOT_ALLOWED"}, 403)

    for call in CALLS.values():
        await asyncio.gather(call(klarna), return_exceptions=True)
    path = f"/ordermanagement/v1/orders/{ORDER_ID}/new?secret=1"
    await asyncio.gather(klarna.request("POST", path, content={}), return_exceptions=True)

    names = {span.name for span in exported.spans()}
    assert len(names) == 2 * (len(CALLS) + 1)
    assert {"POST", "request"} < names
    assert not any(character.isdigit() for name in names for character in name.replace("v1", ""))
    assert not any("secret" in str(attributes(span)) for span in exported.spans())


async def test_a_url_has_only_those_segments_that_the_catalogue_knows(
    klarna: KlarnaClient, server: Wire, exported: Exported
) -> None:
    await klarna.request("GET", f"/ordermanagement/v1/orders/{ORDER_ID}/persons/jane@example.com?ssn=123")

    attempt, call = exported.spans()
    assert attributes(attempt)["url.full"] == f"{server.url}/ordermanagement/v1/orders/{{}}/{{}}/{{}}"
    assert attributes(call)["klarna_om.order_id"] == ORDER_ID
    assert not any(word in str(attributes(span)) for span in (attempt, call) for word in ("jane", "ssn"))


async def test_nothing_secret_or_personal_is_in_a_span(klarna: KlarnaClient, server: Wire, exported: Exported) -> None:
    server.will(json_answer({"error_code": "NOT_ALLOWED", "error_messages": ["Ann Smith"]}, 403))

    with pytest.raises(KlarnaError):
        await klarna.captures.create(ORDER_ID, CAPTURE)

    shown = "".join(span.to_json() for span in exported.spans())
    assert not any(word in shown for word in ("Ann", "secret", "dXNlcjpzZWNyZXQ", "Authorization"))


async def test_no_trace_header_is_sent(klarna: KlarnaClient, server: Wire) -> None:
    await klarna.orders.acknowledge(ORDER_ID)

    assert {"traceparent", "tracestate", "baggage", "b3"} & set(server.requests[0].headers) == set()


async def test_the_spans_are_below_the_callers_own(klarna: KlarnaClient, exported: Exported) -> None:
    tracer = exported.tracer_provider.get_tracer("shop")

    with tracer.start_as_current_span("ship"):
        await klarna.orders.acknowledge(ORDER_ID)

    attempt, call, own = exported.spans()
    assert call.parent is not None
    assert (call.parent.span_id, attempt.context.trace_id) == (own.context.span_id, own.context.trace_id)


async def test_code_of_the_caller_runs_inside_the_span_of_the_call(make_client: MakeClient, exported: Exported) -> None:
    names: list[str] = []

    async def look(request: Request, below: Handler) -> Response:
        names.append(getattr(trace.get_current_span(), "name", "none"))
        return await below(request)

    klarna = make_client(telemetry=exported.telemetry, middleware=[look], attempt_middleware=[look])
    await klarna.orders.acknowledge(ORDER_ID)

    assert names == ["orders.acknowledge", "orders.acknowledge"]
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_calls_at_the_same_time_have_spans_of_their_own(klarna: KlarnaClient, exported: Exported) -> None:
    await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(20)))

    parents = [span.parent.span_id for span in exported.spans() if span.parent is not None]
    assert len(parents) == len(set(parents)) == 20


class BrokenProcessor(SpanProcessor):
    def on_start(self, span: Any, parent_context: Any = None) -> None:
        raise ZeroDivisionError("start")

    def on_end(self, span: Any) -> None:
        raise ZeroDivisionError("end")


class BrokenAtTheEnd(SpanProcessor):
    def on_end(self, span: Any) -> None:
        raise ZeroDivisionError("end")


@pytest.mark.parametrize("processor", [BrokenProcessor(), BrokenAtTheEnd()])
async def test_a_processor_that_fails_changes_no_call(
    processor: SpanProcessor,
    make_client: MakeClient,
    server: Wire,
    exported: Exported,
    caplog: pytest.LogCaptureFixture,
) -> None:
    exported.tracer_provider.add_span_processor(processor)
    klarna = make_client(telemetry=exported.telemetry)
    server.otherwise = Answer(201, {"Capture-Id": "c"})

    with caplog.at_level(logging.ERROR):
        ids = [await klarna.captures.create(ORDER_ID, CAPTURE) for _ in range(3)]

    assert ids == ["c", "c", "c"]
    assert len([record for record in caplog.records if record.name == "klarna_om"]) == 1


async def test_without_an_sdk_nothing_is_recorded_and_all_works(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(telemetry=OpenTelemetry())

    await klarna.orders.acknowledge(ORDER_ID)

    assert len(server.requests) == 1

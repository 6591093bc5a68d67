"""The spans of calls and attempts: middlewares begin and end them, hooks record how it ended."""

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer

from klarna_om.exchange import Request, Response
from klarna_om.hooks import AttemptEvent, CallEvent, never_raising
from klarna_om.middleware import Handler
from klarna_om.otel import attributes as names
from klarna_om.otel.attributes import Attributes, Server, error_type, known
from klarna_om.raw_request import operation_label, path_template

# Private, and the only way: what opentelemetry-instrumentation's own `suppress_http_instrumentation` sets.
SET = True
SUPPRESS_HTTP: str | None = getattr(context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", None)


class Spans:
    """The two middlewares. A tracer that fails costs a span and never a call."""

    def __init__(self, tracer: Tracer, server: Server) -> None:
        def start(name: str, kind: SpanKind, attributes: Attributes) -> Span:
            return tracer.start_span(name, kind=kind, attributes=attributes)

        def end(span: Span) -> None:
            span.end()

        self._server, self._start, self._end = server, never_raising(start), never_raising(end)

    async def call(self, request: Request, below: Handler) -> Response:
        """Around a call, the caller's own middlewares included."""
        operation = operation_label(request.operation)
        attributes = known({names.OPERATION: operation, names.ORDER_ID: request.order_id})
        with self._span(operation, SpanKind.INTERNAL, attributes):
            return await below(request)

    async def attempt(self, request: Request, below: Handler) -> Response:
        """Around a request, in which no other instrumentation sees HTTP."""
        template = names.TEMPLATES.get(request.operation)
        name = request.method if template is None else f"{request.method} {template}"
        with self._span(name, SpanKind.CLIENT, self._of_request(request, template), suppress=SUPPRESS_HTTP):
            return await below(request)

    def _of_request(self, request: Request, template: str | None) -> Attributes:
        key = request.idempotency_key
        path = path_template(request.path) if template is None else request.path.partition("?")[0]
        return known(
            {
                names.METHOD: request.method,
                names.URL_FULL: self._server.base_url + path,
                **self._server.attributes,
                names.RESEND_COUNT: request.attempt - 1 or None,
                names.URL_TEMPLATE: template,
                names.OPERATION: operation_label(request.operation),
                names.ORDER_ID: request.order_id,
                names.IDEMPOTENCY_KEY: None if key is None else str.__str__(key),
            }
        )

    @contextmanager
    def _span(self, name: str, kind: SpanKind, attributes: Attributes, suppress: str | None = None) -> Generator[None]:
        span = self._start(name, kind, attributes) or INVALID_SPAN
        current = trace.set_span_in_context(span)
        token = context.attach(current if suppress is None else context.set_value(suppress, SET, current))
        try:
            yield
        finally:
            context.detach(token)
            self._end(span)


def describe_call(event: CallEvent) -> None:
    """Write into the current span, the call's, how it ended."""
    _describe(
        event,
        {
            names.IDEMPOTENCY_KEY: event.idempotency_key,
            names.ATTEMPTS: len(event.attempts),
            names.ERROR_CODE: event.error_code,
        },
    )


def describe_attempt(event: AttemptEvent) -> None:
    """Write into the current span, the attempt's, how it ended."""
    _describe(event, {names.STATUS_CODE: event.status})


def _describe(event: CallEvent | AttemptEvent, more: dict[str, str | int | None]) -> None:
    span = trace.get_current_span()
    if not span.is_recording():
        return
    span.set_attributes(
        known(
            {
                names.OUTCOME: event.outcome.value,
                names.CORRELATION_ID: event.correlation_id,
                names.ERROR_TYPE: error_type(event.status, event.error),
                **more,
            }
        )
    )
    if event.error is not None:
        span.set_status(Status(StatusCode.ERROR))

"""What `KlarnaClient(telemetry=...)` takes."""

from collections.abc import Callable, Mapping

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from klarna_om.hooks import AttemptEvent, CallEvent, Hooks
from klarna_om.otel.attributes import SCHEMA_URL, Server
from klarna_om.otel.measures import Measures
from klarna_om.otel.spans import Spans, describe_attempt, describe_call
from klarna_om.retry.budget import Budget
from klarna_om.telemetry import Instruments
from klarna_om.version import __version__


class OpenTelemetry:
    """Traces and metrics for all clients of a process; what they hold is in `klarna_om.otel`.

    What an SDK, a processor or an exporter raises is logged once and never changes a call.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        """Use these providers, else the global ones. Make one for the process: a second has the same instruments."""
        self._tracer = trace.get_tracer("klarna_om", __version__, tracer_provider, SCHEMA_URL)
        self._measures = Measures(metrics.get_meter("klarna_om", __version__, meter_provider, SCHEMA_URL))

    def instruments(self, base_url: str, budget: Budget) -> Instruments:
        """For the client, which asks for them."""
        server, measures = Server.of(base_url), self._measures
        measures.watch(budget, server)
        spans = Spans(self._tracer, server)

        def on_call(event: CallEvent) -> None:
            describe_call(event)
            measures.record_call(event)

        def on_attempt(event: AttemptEvent) -> None:
            describe_attempt(event)
            measures.record_attempt(event, server)

        hooks = Hooks(on_call=on_call, on_attempt=on_attempt, on_wait=measures.record_wait)
        return Instruments(call=spans.call, attempt=spans.attempt, hooks=hooks)

    def observe_outbox(
        self, lag: Callable[[], float | None], *, intents: Callable[[], Mapping[str, int]] | None = None
    ) -> None:
        """Report an outbox as gauges; call it once.

        `lag` returns the age in seconds of the oldest intent that is due and not settled, 0.0 where there is none, None
        where it is not known. `intents` returns how many there are in each state. Both are called by the metric reader,
        in its own thread: return what your service has read last, and do not query a database there.
        """
        self._measures.observe_outbox(lag, intents)

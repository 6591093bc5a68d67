"""The metrics, and their instruments. No attribute of theirs has an id in it."""

from collections.abc import Callable, Iterable, Mapping
from weakref import WeakKeyDictionary

from attrs import define, field
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

from klarna_om.hooks import AttemptEvent, CallEvent, WaitEvent
from klarna_om.otel import attributes as names
from klarna_om.otel.attributes import Server, error_type, known
from klarna_om.raw_request import operation_label
from klarna_om.retry.budget import Budget

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The convention's advice for `http.client.request.duration`."""


@define
class Measures:
    """The instruments of a process; all its clients share them."""

    meter: Meter
    _requests: Histogram = field(init=False)
    _calls: Histogram = field(init=False)
    _waits: Histogram = field(init=False)
    _budgets: "WeakKeyDictionary[Budget, Server]" = field(init=False, factory=WeakKeyDictionary["Budget", Server])

    def __attrs_post_init__(self) -> None:
        self._requests = self._seconds("http.client.request.duration", "Duration of HTTP client requests.")
        self._calls = self._seconds("klarna_om.call.duration", "Duration of calls, with all attempts and waits.")
        self._waits = self._seconds("klarna_om.pace.wait", "Wait for a place and a slot in the rate limit.")
        self.meter.create_observable_gauge(
            "klarna_om.retry.budget",
            [self._observe_budgets],
            "1",
            "What is left for retries: 1 all, 0 nothing.",
        )

    def watch(self, budget: Budget, server: Server) -> None:
        """Observe a client's retry budget for as long as it exists."""
        self._budgets[budget] = server

    def record_call(self, event: CallEvent) -> None:
        """A call is over."""
        facts = {names.OPERATION: operation_label(event.operation), names.OUTCOME: event.outcome.value}
        failure = {names.ERROR_TYPE: error_type(event.status, event.error)}
        self._calls.record(event.elapsed, known({**facts, **failure}))

    def record_attempt(self, event: AttemptEvent, server: Server) -> None:
        """A request is over."""
        facts = {
            names.METHOD: event.method,
            **server.attributes,
            names.STATUS_CODE: event.status,
            names.ERROR_TYPE: error_type(event.status, event.error),
            names.OPERATION: operation_label(event.operation),
        }
        self._requests.record(event.elapsed, known(facts))

    def record_wait(self, event: WaitEvent) -> None:
        """A wait is over."""
        self._waits.record(event.elapsed, {names.LANE: event.lane, names.HAS_PLACE: event.has_place})

    def observe_outbox(
        self, lag: Callable[[], float | None], intents: Callable[[], Mapping[str, int]] | None = None
    ) -> None:
        """See `OpenTelemetry.observe_outbox`."""

        def observe_lag(_: CallbackOptions) -> Iterable[Observation]:
            seconds = lag()
            return [] if seconds is None else [Observation(seconds)]

        def observe_intents(_: CallbackOptions) -> Iterable[Observation]:
            counts: Mapping[str, int] = {} if intents is None else intents()
            return [Observation(count, {names.STATE: state}) for state, count in counts.items()]

        self.meter.create_observable_gauge(
            "klarna_om.outbox.lag", [observe_lag], "s", "Age of the oldest intent that is due and not settled."
        )
        if intents is not None:
            self.meter.create_observable_gauge(
                "klarna_om.outbox.intents", [observe_intents], "{intent}", "Intents in the outbox, by their state."
            )

    def _seconds(self, name: str, description: str) -> Histogram:
        return self.meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=SECONDS)

    def _observe_budgets(self, _: CallbackOptions) -> Iterable[Observation]:
        """The lowest of each server: clients that differ in nothing else are one series."""
        left: dict[Server, float] = {}
        for budget in filter(None, (reference() for reference in self._budgets.keyrefs())):
            server, share = self._budgets[budget], budget.tokens / max(1, budget.capacity)
            left[server] = min(share, left.get(server, 1.0))
        return [Observation(share, server.attributes) for server, share in left.items()]

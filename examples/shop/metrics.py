"""What Prometheus gets. No label holds an order's id: each would be a series of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from examples.shop.shop import Shop
from klarna_om import AttemptEvent, CallEvent, Hooks
from klarna_om.webhooks import Push


class Metrics:
    """Of one process."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._pushes = Counter("shop_pushes", "Pushes by result.", ["result"], registry=registry)
        self._calls = Counter("klarna_calls", "Calls by outcome.", ["operation", "outcome"], registry=registry)
        self._attempts = Histogram("klarna_attempt_seconds", "Requests on the wire.", ["operation"], registry=registry)
        self._lag = Gauge("outbox_lag_seconds", "Since when the oldest intent is due.", registry=registry)
        self._intents = Gauge("outbox_intents", "Intents by state.", ["state"], registry=registry)
        self.hooks = Hooks(on_call=self._count_call, on_attempt=self._time_attempt)

    def count_push(self, push: Push) -> None:
        """Give it to the routes as `on_push`."""
        self._pushes.labels(push.result).inc()

    def _count_call(self, event: CallEvent) -> None:
        self._calls.labels(event.operation, event.outcome.value).inc()

    def _time_attempt(self, event: AttemptEvent) -> None:
        self._attempts.labels(event.operation).observe(event.elapsed)

    async def page(self, shop: Shop) -> bytes:
        """The text for a scrape, with the outbox as it is now. Alert on `escalated`, and on a lag of minutes."""
        async with shop.engine.connect() as connection:
            snapshot = await shop.outbox.snapshot(connection)
        self._lag.set(snapshot.lag.total_seconds())
        for state, count in snapshot.counts.items():
            self._intents.labels(state.value).set(count)
        return generate_latest(self._registry)

"""What `telemetry=` takes: an instrumentation that needs to stand around calls and attempts, as spans do.

`klarna_om.otel.OpenTelemetry()` is one. For metrics alone there are `klarna_om.Hooks`.
"""

from typing import Protocol

from attrs import field, frozen

from klarna_om.hooks import Hooks
from klarna_om.middleware import Middleware
from klarna_om.retry.budget import Budget


@frozen(kw_only=True)
class Instruments:
    """The parts of an instrumentation, each for its place in the stack."""

    call: Middleware
    """Outermost: around a whole call."""
    attempt: Middleware
    """Lowest: around one request and its log line."""
    hooks: Hooks = field(factory=Hooks)


class Telemetry(Protocol):
    """Makes the instruments of a client."""

    def instruments(self, base_url: str, budget: Budget) -> Instruments:
        """Those of a client that calls `base_url` and retries within `budget`. What they do must never raise."""
        ...

"""What the sandbox has counted and logged: `SandboxRecords` is one part of `Sandbox`."""

from klarna_om.catalogue import ACKNOWLEDGE
from klarna_om.sandbox.operation_names import check_operation
from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.sandbox.request_log import LoggedRequest


class SandboxRecords:
    """Counts of effects, and the log of requests."""

    _handler: RequestHandler

    def effects(self, order_id: str | None = None, operation: str | None = None) -> int:
        """How many writes were executed: not refused, and not answered from the key store.

        Of one order, of one operation (`captures.create`), of both, or in all.
        """
        with self._handler.lock:
            return self._handler.ledger.effects.count(order_id, check_operation(operation))

    def repeated_orders(self, operation: str) -> tuple[str, ...]:
        """The orders for which the operation was executed more than once."""
        with self._handler.lock:
            return self._handler.ledger.effects.repeated_orders(str(check_operation(operation)))

    @property
    def operations_with_effects(self) -> tuple[str, ...]:
        """The operations that were executed at least once."""
        with self._handler.lock:
            return tuple(self._handler.ledger.effects)

    @property
    def acknowledgements(self) -> int:
        """How many acknowledgements were executed, over all orders."""
        return self.effects(operation=ACKNOWLEDGE.name)

    @property
    def acknowledged_orders(self) -> int:
        """How many different orders were acknowledged by a call of that operation."""
        with self._handler.lock:
            return self._handler.ledger.effects.count_orders(ACKNOWLEDGE.name)

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The latest requests with valid credentials, in the order in which they were answered."""
        with self._handler.lock:
            return tuple(self._handler.log.latest)

    @property
    def request_count(self) -> int:
        """How many requests with valid credentials arrived in all."""
        with self._handler.lock:
            return self._handler.log.total

    @property
    def replays(self) -> int:
        """How many requests got a result from the key store, without an effect."""
        return self._handler.keys.replays

    @property
    def keys_seen(self) -> list[str]:
        """The idempotency keys of the latest requests, one per request."""
        return [request.key for request in self.requests if request.key is not None]

"""The sandbox's orders, as a test makes and changes them: `SandboxOrders` is one part of `Sandbox`."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from klarna_om import structuring
from klarna_om.sandbox.capture_actions import record_capture
from klarna_om.sandbox.hidden_orders import hide
from klarna_om.sandbox.lifecycle import CANCELLED, CLOSED
from klarna_om.sandbox.merchant_urls import check_notification_url, check_push_url
from klarna_om.sandbox.order_factory import make_order
from klarna_om.sandbox.order_fields import OPTIONS, check_names, parse_options
from klarna_om.sandbox.push_sender import PushSender
from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.types import FraudStatus, Order


class SandboxOrders:
    """Adding orders, reading them without a request, and ending fraud reviews."""

    _handler: RequestHandler
    _push_sender: PushSender
    _seed: int
    _order_count: int
    _is_remote_allowed: bool
    push_url: str | None
    """Where the pushes for orders go that are added from now on; `order(push_url=...)` sets it for one."""
    notification_url: str | None
    """And where their fraud notifications go."""

    def order(
        self,
        *,
        captured_amount: int = 0,
        status: str | None = None,
        appears_after: float = 0.0,
        appears_after_requests: int = 0,
        push_url: str | None = None,
        notification_url: str | None = None,
        extra_fields: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Order:
        """Add one order and return it. Fields of `types.Order` that are not given get realistic values.

        Any other field is refused with the nearest right name; `extra_fields` are for fields of Klarna's that this
        version of the package does not know. With an `order_amount` alone it has one line of that amount.
        `captured_amount` is captured at once, which counts as no effect. `status` may be `CANCELLED` or `CLOSED`:
        captures, `expires_at` and the clock lead to the others.

        `appears_after` is a number of seconds, and `appears_after_requests` a number of requests for the order,
        for which Klarna answers 404, as it may directly after a purchase. `push_url` holds
        `{checkout.order.id}`; Klarna's pushes for this order go there, and its fraud notifications to
        `notification_url`.
        """
        check_names(fields, extra_fields or ())
        if status not in (None, CANCELLED, CLOSED):
            raise ValueError(f"status={status!r}: only CANCELLED and CLOSED can be set; captures and time do the rest")
        urls = self._merchant_urls(push_url, notification_url)
        with self._handler.lock:
            now = self._handler.clock()
            hiding = hide(now, appears_after, appears_after_requests)
            purchase = make_order(self._seed, self._order_count, now, {**fields, **(extra_fields or {})})
            if not 0 <= captured_amount <= purchase["order_amount"]:
                raise ValueError(f"captured_amount={captured_amount}: the order's amount is {purchase['order_amount']}")
            account = self._handler.ledger.add(purchase, hiding)
            self._order_count += 1
            account.is_cancelled, account.is_closed = status == CANCELLED, status == CLOSED
            if captured_amount:
                record_capture(account, captured_amount, {}, purchase, now)
            self._push_sender.add_order(purchase["order_id"], *urls)
        return self.get(purchase["order_id"])

    def _merchant_urls(self, push_url: str | None, notification_url: str | None) -> tuple[str | None, str | None]:
        allowed = self._is_remote_allowed
        return (
            check_push_url(push_url or self.push_url, is_remote_allowed=allowed),
            check_notification_url(notification_url or self.notification_url, is_remote_allowed=allowed),
        )

    def add_order(self, document: Mapping[str, Any]) -> Order:
        """Add the order that a JSON object describes, with the names that `order` has."""
        return self.order(**parse_options(document), **{name: document[name] for name in document.keys() - OPTIONS})

    @property
    def order_ids(self) -> Iterator[str]:
        """The ids of all orders: first the seeded ones, then those that were added."""
        return self._handler.ledger.order_ids()

    def get(self, order_id: str) -> Order:
        """The order as Klarna would return it now; no request, no effect. KeyError for an unknown id."""
        with self._handler.lock:
            return structuring.read(Order, msgspec.json.encode(self._handler.ledger.order(order_id)))

    def is_acknowledged(self, order_id: str) -> bool:
        """Whether pushes for the order have stopped; no field of Klarna's order shows it."""
        with self._handler.lock:
            return self._handler.ledger.account(order_id).is_acknowledged

    def set_fraud_status(self, order_id: str, status: str) -> None:
        """Let Klarna's fraud review begin (`PENDING`) or end: `ACCEPTED`, `REJECTED` or `STOPPED`.

        While it is PENDING, and after STOPPED, a capture is refused. A REJECTED order can be captured for 4 hours;
        then Klarna cancels it. The end of a review is sent to the order's `notification_url`, at once and every 10
        minutes for 24 hours, until a 200. KeyError for an unknown id.
        """
        if status not in set(FraudStatus):
            raise ValueError(f"fraud status {status!r}: use one of {', '.join(FraudStatus)}")
        with self._handler.lock:
            self._handler.ledger.account(order_id).set_fraud_status(str(status), self._handler.clock())
            self._push_sender.notify(order_id, str(status))

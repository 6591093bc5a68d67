"""When Klarna sends what to the merchant: pushes after a purchase, notifications after a fraud review.

Pushes: the first about 2 minutes after the purchase, then after 5, 15, 30 and 60 minutes, then every 4 hours, for 48
hours in all; or until the order is acknowledged, which a capture does too. The answer to a push does not matter.
Notifications: every 10 minutes for 24 hours, until a 200. The sandbox reads all of these as times since the
purchase, or since the review's end; whether the first notification comes at once is published nowhere.
https://docs.klarna.com/klarna-checkout/additional-resources/confirm-purchase
https://docs.klarna.com/payments/after-payments/order-management/more-actions/pending-orders/
"""

import msgspec
from attrs import define

from klarna_om.sandbox.merchant_urls import fill_order_id

PUSH, NOTIFICATION = "push", "notification"
ACCEPTED_STATUS = 200
"""After this answer there is no further notification."""

_MINUTE, _HOUR = 60, 3600
PUSH_DELAYS = tuple(minutes * _MINUTE for minutes in (2, 5, 15, 30, 60)) + tuple(
    range(5 * _HOUR, 48 * _HOUR, 4 * _HOUR)
)
"""Seconds after the purchase."""
NOTIFICATION_DELAYS = tuple(range(0, 24 * _HOUR, 10 * _MINUTE))
"""Seconds after the end of the review."""


@define(eq=False)
class Delivery:
    """One message to the merchant, which is sent again and again until it is over."""

    kind: str
    """`push` or `notification`."""
    order_id: str
    url: str
    body: bytes
    started: float
    """On the sandbox's clock, in seconds since the epoch."""
    delays: tuple[int, ...]
    sent: int = 0
    """How often it was sent."""

    @property
    def due(self) -> float | None:
        """When it is to be sent next; None when it is over."""
        return self.started + self.delays[self.sent] if self.sent < len(self.delays) else None


def push_of(order_id: str, url: str, now: float) -> Delivery:
    """The pushes for an order that was purchased now. They have no body: the id is in the URL."""
    return Delivery(PUSH, order_id, fill_order_id(url, order_id), b"", now, PUSH_DELAYS)


def notification_of(order_id: str, url: str, fraud_status: str, now: float) -> Delivery:
    """The notifications that a fraud review has ended now."""
    body = msgspec.json.encode({"order_id": order_id, "event_type": f"FRAUD_RISK_{fraud_status}"})
    return Delivery(NOTIFICATION, order_id, fill_order_id(url, order_id), body, now, NOTIFICATION_DELAYS)

"""In which states Klarna allows which operation: the one table, for `allows` and for the sandbox.

    x   allowed
    -   refused
    ?   not published; the sandbox refuses it, so that no caller relies on it

https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/
"""

from collections.abc import Mapping

from klarna_om.types import OrderStatus

STATUSES = (
    OrderStatus.AUTHORIZED,
    OrderStatus.PART_CAPTURED,
    OrderStatus.CAPTURED,
    OrderStatus.CANCELLED,
    OrderStatus.EXPIRED,
    OrderStatus.CLOSED,
)

ALLOWED, REFUSED, UNPUBLISHED = "x", "-", "?"

_TABLE = {
    #     AUTHORIZED
    #     | PART_CAPTURED
    #     | | CAPTURED
    #     | | | CANCELLED
    #     | | | | EXPIRED
    #     | | | | | CLOSED
    "orders.get": "x x x x x x",
    "orders.acknowledge": "x x x x x x",
    "orders.update_authorization": "x x - - - ?",
    "orders.cancel": "x - - ? ? ?",
    "orders.update_customer_details": "x x ? - - ?",
    "orders.extend_authorization_time": "x x ? - - ?",
    "orders.update_merchant_references": "x x x - x x",
    "orders.release_remaining_authorization": "- x - - - ?",
    "orders.add_shipping_info": "x x x x x x",
    "captures.list": "x x x x x x",
    "captures.create": "x x - - - ?",
    "captures.get": "x x x x x x",
    "captures.add_shipping_info": "x x x x x x",
    "captures.trigger_send_out": "x x x x x x",
    "captures.extend_due_date": "x x x x x x",
    "captures.due_date_options": "x x x x x x",
    "refunds.create": "x x x x x x",
    "refunds.get": "x x x x x x",
}

STATES: Mapping[str, Mapping[str, str]] = {
    operation: dict(zip(STATUSES, marks.split(), strict=True)) for operation, marks in _TABLE.items()
}
"""By operation and status."""

NEED_AUTHORIZATION = frozenset(
    {
        "captures.create",
        "orders.extend_authorization_time",
        "orders.release_remaining_authorization",
        "orders.update_authorization",
    }
)
"""What is over once `expires_at` is past, also for an order that stays PART_CAPTURED."""

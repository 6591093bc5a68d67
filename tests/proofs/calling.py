"""Every write as a user calls it, under a key of the caller's choice."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from klarna_om.catalogue import CATALOGUE
from klarna_om.client import KlarnaClient
from klarna_om.types import (
    Address,
    CaptureObject,
    ExtendDueDateRequest,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
)
from tests.support.calls import SHIPPING


class Where:
    """The ids that a call names, and the amount where it takes one."""

    def __init__(self, order_id: str, capture_id: str = "", refund_id: str = "", amount: int = 100) -> None:
        self.order_id, self.capture_id, self.refund_id, self.amount = order_id, capture_id, refund_id, amount


Write = Callable[[KlarnaClient, Where, str | None], Awaitable[Any]]

WRITE_CALLS: Mapping[str, Write] = {
    "orders.acknowledge": lambda k, w, key: k.orders.acknowledge(w.order_id, idempotency_key=key),
    "orders.update_authorization": lambda k, w, key: k.orders.update_authorization(
        w.order_id, UpdateAuthorization(order_amount=10_000 - w.amount), idempotency_key=key
    ),
    "orders.cancel": lambda k, w, key: k.orders.cancel(w.order_id, idempotency_key=key),
    "orders.update_customer_details": lambda k, w, key: k.orders.update_customer_details(
        w.order_id, UpdateConsumer(shipping_address=Address(city="Malmö")), idempotency_key=key
    ),
    "orders.extend_authorization_time": lambda k, w, key: k.orders.extend_authorization_time(
        w.order_id, idempotency_key=key
    ),
    "orders.update_merchant_references": lambda k, w, key: k.orders.update_merchant_references(
        w.order_id, UpdateMerchantReferences(merchant_reference1=f"A-{w.amount}"), idempotency_key=key
    ),
    "orders.release_remaining_authorization": lambda k, w, key: k.orders.release_remaining_authorization(
        w.order_id, idempotency_key=key
    ),
    "orders.add_shipping_info": lambda k, w, key: k.orders.add_shipping_info(w.order_id, SHIPPING, idempotency_key=key),
    "captures.create": lambda k, w, key: k.captures.create(
        w.order_id, CaptureObject(captured_amount=w.amount), idempotency_key=key
    ),
    "captures.add_shipping_info": lambda k, w, key: k.captures.add_shipping_info(
        w.order_id, w.capture_id, SHIPPING, idempotency_key=key
    ),
    "captures.trigger_send_out": lambda k, w, key: k.captures.trigger_send_out(
        w.order_id, w.capture_id, idempotency_key=key
    ),
    "captures.extend_due_date": lambda k, w, key: k.captures.extend_due_date(
        w.order_id, w.capture_id, ExtendDueDateRequest(number_of_days=14), idempotency_key=key
    ),
    "refunds.create": lambda k, w, key: k.refunds.create(
        w.order_id, RefundObject(refunded_amount=w.amount), idempotency_key=key
    ),
}

READ_CALLS: Mapping[str, Callable[[KlarnaClient, Where], Awaitable[Any]]] = {
    "orders.get": lambda k, w: k.orders.get(w.order_id),
    "captures.list": lambda k, w: k.captures.list(w.order_id),
    "captures.get": lambda k, w: k.captures.get(w.order_id, w.capture_id),
    "captures.due_date_options": lambda k, w: k.captures.due_date_options(w.order_id, w.capture_id),
    "refunds.get": lambda k, w: k.refunds.get(w.order_id, w.refund_id),
}

assert {*WRITE_CALLS, *READ_CALLS} == {row.name for row in CATALOGUE}

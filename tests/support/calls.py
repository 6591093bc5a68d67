"""Every operation as a user calls it: one entry a row of the catalogue."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from klarna_om.client import KlarnaClient
from klarna_om.types import (
    Address,
    CaptureObject,
    ExtendDueDateRequest,
    RefundObject,
    ShippingInfo,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)

ORDER_ID = "7849fd84-47dc-4919-a7ce-47b9f461562f"
CAPTURE_ID = "32904e4c-61d2-400e-9b77-1b4a45d61234"
REFUND_ID = "c6010e41-5eb0-46a9-8cc0-decb265419b1"

SHIPPING = UpdateShippingInfo(shipping_info=(ShippingInfo(shipping_company="dhl-express", tracking_number="1"),))

Call = Callable[[KlarnaClient], Awaitable[Any]]

CALLS: Mapping[str, Call] = {
    "orders.get": lambda k: k.orders.get(ORDER_ID),
    "orders.acknowledge": lambda k: k.orders.acknowledge(ORDER_ID),
    "orders.update_authorization": lambda k: k.orders.update_authorization(
        ORDER_ID, UpdateAuthorization(order_amount=900)
    ),
    "orders.cancel": lambda k: k.orders.cancel(ORDER_ID),
    "orders.update_customer_details": lambda k: k.orders.update_customer_details(
        ORDER_ID, UpdateConsumer(shipping_address=Address(city="Malmö"))
    ),
    "orders.extend_authorization_time": lambda k: k.orders.extend_authorization_time(ORDER_ID),
    "orders.update_merchant_references": lambda k: k.orders.update_merchant_references(
        ORDER_ID, UpdateMerchantReferences(merchant_reference1="A-17")
    ),
    "orders.release_remaining_authorization": lambda k: k.orders.release_remaining_authorization(ORDER_ID),
    "orders.add_shipping_info": lambda k: k.orders.add_shipping_info(ORDER_ID, SHIPPING),
    "captures.list": lambda k: k.captures.list(ORDER_ID),
    "captures.create": lambda k: k.captures.create(ORDER_ID, CaptureObject(captured_amount=100)),
    "captures.get": lambda k: k.captures.get(ORDER_ID, CAPTURE_ID),
    "captures.add_shipping_info": lambda k: k.captures.add_shipping_info(ORDER_ID, CAPTURE_ID, SHIPPING),
    "captures.trigger_send_out": lambda k: k.captures.trigger_send_out(ORDER_ID, CAPTURE_ID),
    "captures.extend_due_date": lambda k: k.captures.extend_due_date(
        ORDER_ID, CAPTURE_ID, ExtendDueDateRequest(number_of_days=14)
    ),
    "captures.due_date_options": lambda k: k.captures.due_date_options(ORDER_ID, CAPTURE_ID),
    "refunds.create": lambda k: k.refunds.create(ORDER_ID, RefundObject(refunded_amount=100)),
    "refunds.get": lambda k: k.refunds.get(ORDER_ID, REFUND_ID),
}

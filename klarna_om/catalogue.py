"""The whole API on one page.

https://docs.klarna.com/api/ordermanagement/
"""

from typing import Any

from klarna_om.answers.expected import Created, Document, NoContent
from klarna_om.operation import Operation
from klarna_om.types import (
    Capture,
    CaptureObject,
    ExtendDueDateOptions,
    ExtendDueDateRequest,
    Order,
    Refund,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)

ORDER = "/ordermanagement/v1/orders/{order_id}"
CAPTURES = f"{ORDER}/captures"
CAPTURE = f"{CAPTURES}/{{capture_id}}"
REFUNDS = f"{ORDER}/refunds"

NO_CONTENT = NoContent()

GET_ORDER = Operation("orders.get", "GET", ORDER, Document(Order, "order_id"))
ACKNOWLEDGE = Operation("orders.acknowledge", "POST", f"{ORDER}/acknowledge", NO_CONTENT)
UPDATE_AUTHORIZATION = Operation(
    "orders.update_authorization", "PATCH", f"{ORDER}/authorization", NO_CONTENT, UpdateAuthorization
)
CANCEL = Operation("orders.cancel", "POST", f"{ORDER}/cancel", NO_CONTENT)
UPDATE_CUSTOMER_DETAILS = Operation(
    "orders.update_customer_details", "PATCH", f"{ORDER}/customer-details", NO_CONTENT, UpdateConsumer
)
EXTEND_AUTHORIZATION_TIME = Operation(
    "orders.extend_authorization_time", "POST", f"{ORDER}/extend-authorization-time", NO_CONTENT
)
UPDATE_MERCHANT_REFERENCES = Operation(
    "orders.update_merchant_references",
    "PATCH",
    f"{ORDER}/merchant-references",
    NO_CONTENT,
    UpdateMerchantReferences,
)
RELEASE_REMAINING_AUTHORIZATION = Operation(
    "orders.release_remaining_authorization", "POST", f"{ORDER}/release-remaining-authorization", NO_CONTENT
)
ADD_ORDER_SHIPPING_INFO = Operation(
    "orders.add_shipping_info", "POST", f"{ORDER}/shipping-info", NO_CONTENT, UpdateShippingInfo
)

LIST_CAPTURES = Operation(
    "captures.list", "GET", CAPTURES, Document(tuple[Capture, ...], marks=("capture_id", "klarna_reference"))
)
CREATE_CAPTURE = Operation("captures.create", "POST", CAPTURES, Created("Capture-Id"), CaptureObject)
GET_CAPTURE = Operation("captures.get", "GET", CAPTURE, Document(Capture, "capture_id"))
ADD_CAPTURE_SHIPPING_INFO = Operation(
    "captures.add_shipping_info", "POST", f"{CAPTURE}/shipping-info", NO_CONTENT, UpdateShippingInfo
)
TRIGGER_SEND_OUT = Operation("captures.trigger_send_out", "POST", f"{CAPTURE}/trigger-send-out", NO_CONTENT)
EXTEND_DUE_DATE = Operation(
    "captures.extend_due_date", "PATCH", f"{CAPTURE}/extend-due-date", NO_CONTENT, ExtendDueDateRequest
)
DUE_DATE_OPTIONS = Operation(
    "captures.due_date_options",
    "GET",
    f"{CAPTURE}/extend-due-date-options",
    Document(ExtendDueDateOptions, marks=("options", "currency")),
)

CREATE_REFUND = Operation("refunds.create", "POST", REFUNDS, Created("Refund-Id"), RefundObject)
GET_REFUND = Operation("refunds.get", "GET", f"{REFUNDS}/{{refund_id}}", Document(Refund, "refund_id"))

CATALOGUE: tuple[Operation[Any], ...] = (
    GET_ORDER,
    ACKNOWLEDGE,
    UPDATE_AUTHORIZATION,
    CANCEL,
    UPDATE_CUSTOMER_DETAILS,
    EXTEND_AUTHORIZATION_TIME,
    UPDATE_MERCHANT_REFERENCES,
    RELEASE_REMAINING_AUTHORIZATION,
    ADD_ORDER_SHIPPING_INFO,
    LIST_CAPTURES,
    CREATE_CAPTURE,
    GET_CAPTURE,
    ADD_CAPTURE_SHIPPING_INFO,
    TRIGGER_SEND_OUT,
    EXTEND_DUE_DATE,
    DUE_DATE_OPTIONS,
    CREATE_REFUND,
    GET_REFUND,
)

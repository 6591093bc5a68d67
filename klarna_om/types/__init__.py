"""Klarna's documents and request bodies: frozen classes under Klarna's own names, no logic, no I/O.

Amounts are whole numbers of minor units. Fields with an open list of words hold plain text; the words known
today are offered as enumerations. How JSON becomes these types, and how strictly, is in
`klarna_om.structuring`.
"""

from klarna_om.types.address import Address
from klarna_om.types.authorization import UpdateAuthorization
from klarna_om.types.capture import Capture, CaptureObject
from klarna_om.types.customer import Customer
from klarna_om.types.customer_details import UpdateConsumer
from klarna_om.types.due_date import ExtendDueDateOption, ExtendDueDateOptions, ExtendDueDateRequest
from klarna_om.types.error_message import ErrorMessage
from klarna_om.types.limits import Limits, limits_of
from klarna_om.types.merchant_references import UpdateMerchantReferences
from klarna_om.types.moment import Moment
from klarna_om.types.notification import Notification
from klarna_om.types.order import Order
from klarna_om.types.order_line import OrderLine
from klarna_om.types.payment_method import InitialPaymentMethod
from klarna_om.types.product_identifiers import ProductIdentifiers
from klarna_om.types.refund import Refund, RefundObject
from klarna_om.types.schemas import SCHEMAS
from klarna_om.types.shipping import ShippingInfo, UpdateShippingInfo
from klarna_om.types.shipping_option import (
    Addon,
    AddressLocation,
    CarrierProduct,
    Location,
    SelectedShippingOption,
    Timeslot,
)
from klarna_om.types.subscription import Subscription
from klarna_om.types.vocabulary import (
    ErrorCode,
    FraudEvent,
    FraudStatus,
    OrderLineType,
    OrderStatus,
    PaymentMethodType,
    ShippingMethod,
    SubscriptionInterval,
)

__all__ = [
    "SCHEMAS",
    "Addon",
    "Address",
    "AddressLocation",
    "Capture",
    "CaptureObject",
    "CarrierProduct",
    "Customer",
    "ErrorCode",
    "ErrorMessage",
    "ExtendDueDateOption",
    "ExtendDueDateOptions",
    "ExtendDueDateRequest",
    "FraudEvent",
    "FraudStatus",
    "InitialPaymentMethod",
    "Limits",
    "Location",
    "Moment",
    "Notification",
    "Order",
    "OrderLine",
    "OrderLineType",
    "OrderStatus",
    "PaymentMethodType",
    "ProductIdentifiers",
    "Refund",
    "RefundObject",
    "SelectedShippingOption",
    "ShippingInfo",
    "ShippingMethod",
    "Subscription",
    "SubscriptionInterval",
    "Timeslot",
    "UpdateAuthorization",
    "UpdateConsumer",
    "UpdateMerchantReferences",
    "UpdateShippingInfo",
    "limits_of",
]

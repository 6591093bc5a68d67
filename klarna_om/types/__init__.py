"""Klarna's documents and request bodies: frozen classes under Klarna's own names, no logic, no I/O.

Amounts are whole numbers of minor units. Fields with an open list of values are plain strings; the values known
today are offered as enumerations. How JSON becomes these types, and how strictly, is in
`klarna_om.structuring`.
"""

from klarna_om.types.capture import Capture, CaptureObject
from klarna_om.types.customer import Address, Customer
from klarna_om.types.due_date import ExtendDueDateOption, ExtendDueDateOptions, ExtendDueDateRequest
from klarna_om.types.limits import Limits, limits_of
from klarna_om.types.messages import ErrorMessage, Notification
from klarna_om.types.order import InitialPaymentMethod, Order
from klarna_om.types.order_line import OrderLine, ProductIdentifiers, Subscription
from klarna_om.types.refund import Refund, RefundObject
from klarna_om.types.scalars import Moment
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
from klarna_om.types.updates import UpdateAuthorization, UpdateConsumer, UpdateMerchantReferences
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

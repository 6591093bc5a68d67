"""The specification's schemas, by name, and the class of each."""

from collections.abc import Mapping
from types import MappingProxyType

from klarna_om.types.capture import Capture, CaptureObject
from klarna_om.types.customer import Address, Customer
from klarna_om.types.due_date import ExtendDueDateOption, ExtendDueDateOptions, ExtendDueDateRequest
from klarna_om.types.messages import ErrorMessage
from klarna_om.types.order import InitialPaymentMethod, Order
from klarna_om.types.order_line import OrderLine, ProductIdentifiers, Subscription
from klarna_om.types.refund import Refund, RefundObject
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

SCHEMAS: Mapping[str, type] = MappingProxyType(
    {
        "Addon": Addon,
        "Address": Address,
        "AddressLocation": AddressLocation,
        "CancelNotAllowedErrorMessage": ErrorMessage,
        "Capture": Capture,
        "CaptureNotAllowedErrorMessage": ErrorMessage,
        "CaptureObject": CaptureObject,
        "CarrierProduct": CarrierProduct,
        "ErrorMessageDto": ErrorMessage,
        "ExtendDueDateOptions": ExtendDueDateOptions,
        "ExtendDueDateRequest": ExtendDueDateRequest,
        "InitialPaymentMethodDto": InitialPaymentMethod,
        "Location": Location,
        "MerchantOrderDto": Order,
        "NoSuchCaptureErrorMessage": ErrorMessage,
        "NoSuchOrderErrorMessage": ErrorMessage,
        "NotAllowedErrorMessage": ErrorMessage,
        "NotFoundErrorMessage": ErrorMessage,
        "OptionDto": ExtendDueDateOption,
        "ProductIdentifiers": ProductIdentifiers,
        "Refund": Refund,
        "RefundNotAllowedErrorMessage": ErrorMessage,
        "RefundObject": RefundObject,
        "SelectedShippingOptionDto": SelectedShippingOption,
        "Timeslot": Timeslot,
        "UpdateAuthorization": UpdateAuthorization,
        "UpdateConsumer": UpdateConsumer,
        "UpdateMerchantReferences": UpdateMerchantReferences,
        "UpdateShippingInfo": UpdateShippingInfo,
        "customer": Customer,
        "order_line": OrderLine,
        "shipping_info": ShippingInfo,
        "subscription": Subscription,
    }
)
"""Every schema of https://docs.klarna.com/api/ordermanagement/; a test compares it with the specification."""

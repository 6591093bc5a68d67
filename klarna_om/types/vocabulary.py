"""Values that Klarna is known to use. Every list is open: a value that is not here is returned, never an error.

Fields are plain strings, so any value can be read. The members here are strings too: they compare equal to them,
print like them and can be used in their place.

    if order.status == OrderStatus.CAPTURED: ...
    OrderLine(type=OrderLineType.SHIPPING_FEE, ...)
"""

from enum import StrEnum


class OrderStatus(StrEnum):
    """`Order.status`: where an order is in its life."""

    AUTHORIZED = "AUTHORIZED"
    PART_CAPTURED = "PART_CAPTURED"
    CAPTURED = "CAPTURED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    CLOSED = "CLOSED"


class FraudStatus(StrEnum):
    """`Order.fraud_status`. Capture only what is ACCEPTED; a PENDING order is under review."""

    ACCEPTED = "ACCEPTED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    STOPPED = "STOPPED"
    """In no specification; shops' plug-ins test for it."""


class FraudEvent(StrEnum):
    """`Notification.event_type`: how a fraud review ended."""

    FRAUD_RISK_ACCEPTED = "FRAUD_RISK_ACCEPTED"
    FRAUD_RISK_REJECTED = "FRAUD_RISK_REJECTED"
    FRAUD_RISK_STOPPED = "FRAUD_RISK_STOPPED"
    """Named by older pages only."""


class OrderLineType(StrEnum):
    """`OrderLine.type`."""

    PHYSICAL = "physical"
    DISCOUNT = "discount"
    SHIPPING_FEE = "shipping_fee"
    SALES_TAX = "sales_tax"
    STORE_CREDIT = "store_credit"
    GIFT_CARD = "gift_card"
    DIGITAL = "digital"
    SURCHARGE = "surcharge"
    RETURN_FEE = "return_fee"
    PACKAGE = "package"
    """Kustom only."""


class SubscriptionInterval(StrEnum):
    """`Subscription.interval`: the unit that `interval_count` counts."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


class ShippingMethod(StrEnum):
    """`ShippingInfo.shipping_method`."""

    PICK_UP_STORE = "PickUpStore"
    HOME = "Home"
    BOX_REG = "BoxReg"
    BOX_UNREG = "BoxUnreg"
    PICK_UP_POINT = "PickUpPoint"
    OWN = "Own"
    POSTAL = "Postal"
    DHL_PACKSTATION = "DHLPackstation"
    DIGITAL = "Digital"
    UNDEFINED = "Undefined"
    PICK_UP_WAREHOUSE = "PickUpWarehouse"
    CLICK_COLLECT = "ClickCollect"
    PALLET_DELIVERY = "PalletDelivery"


class PaymentMethodType(StrEnum):
    """`InitialPaymentMethod.type`."""

    ACCOUNT = "ACCOUNT"
    ALTERNATIVE_PAYMENT_METHOD = "ALTERNATIVE_PAYMENT_METHOD"
    BANK_TRANSFER = "BANK_TRANSFER"
    CARD = "CARD"
    DEFERRED_INTEREST = "DEFERRED_INTEREST"
    DIRECT_DEBIT = "DIRECT_DEBIT"
    FIXED_AMOUNT_BY_CARD = "FIXED_AMOUNT_BY_CARD"
    FIXED_AMOUNT = "FIXED_AMOUNT"
    FIXED_SUM_CREDIT = "FIXED_SUM_CREDIT"
    INVOICE_BUSINESS = "INVOICE_BUSINESS"
    INVOICE = "INVOICE"
    MOBILEPAY = "MOBILEPAY"
    PAY_BY_CARD = "PAY_BY_CARD"
    PAY_IN_X = "PAY_IN_X"
    PAY_LATER_BY_CARD = "PAY_LATER_BY_CARD"
    PAY_LATER_IN_PARTS = "PAY_LATER_IN_PARTS"
    SWISH = "SWISH"
    OTHER = "OTHER"
    BASE_ACCOUNT = "BASE_ACCOUNT"
    """Klarna's guide to orders calls ACCOUNT so."""
    B2B_INVOICE = "B2B_INVOICE"
    """Klarna's guide to orders calls INVOICE_BUSINESS so."""


class ErrorCode(StrEnum):
    """`ErrorMessage.error_code`. Act on these; the messages beside them are for people and may change."""

    BAD_REQUEST = "BAD_REQUEST"
    BAD_VALUE = "BAD_VALUE"
    CANCEL_NOT_ALLOWED = "CANCEL_NOT_ALLOWED"
    CAPTURE_NOT_ALLOWED = "CAPTURE_NOT_ALLOWED"
    CONFLICT = "CONFLICT"
    FORBIDDEN = "FORBIDDEN"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    INVALID_ADDRESS = "INVALID_ADDRESS"
    INVALID_ORDER_ID = "INVALID_ORDER_ID"
    INVALID_REQUEST_PARAMETERS = "INVALID_REQUEST_PARAMETERS"
    NOT_ALLOWED = "NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    NO_SUCH_CAPTURE = "NO_SUCH_CAPTURE"
    NO_SUCH_ORDER = "NO_SUCH_ORDER"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    REFUND_NOT_ALLOWED = "REFUND_NOT_ALLOWED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    UNEXPECTED_ERROR = "UNEXPECTED_ERROR"
    UNPROCESSABLE_ENTITY = "UNPROCESSABLE_ENTITY"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    UPDATE_NOT_ALLOWED = "UPDATE_NOT_ALLOWED"

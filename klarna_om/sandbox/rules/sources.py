"""Where the sandbox's rules come from, and how sure they are."""

from collections.abc import Mapping

from attrs import frozen

PAGE, SPECIFICATION, RECORDED, SAFE = "page", "specification", "recorded", "safe reading"
BASES: Mapping[str, str] = {
    PAGE: "a page of Klarna's documentation says so",
    SPECIFICATION: "Klarna's OpenAPI document of the API says so",
    RECORDED: "seen in exchanges with Klarna that others have recorded and published",
    SAFE: "published nowhere; of the possible readings this is the one on which no client can wrongly rely",
}
"""What a rule can rest on."""

_DOCS = "https://docs.klarna.com"
_MANAGE = f"{_DOCS}/payments/after-payments/order-management/manage-orders-with-the-api"


@frozen
class Source:
    """One source."""

    title: str
    basis: str
    """One of `BASES`."""
    url: str = ""


RETRY = Source("Escalation and retry policy", PAGE, f"{_DOCS}/api/escalation-and-retry-policy")
RATE = Source("Rate limit", PAGE, f"{_DOCS}/api/rate-limit")
AUTHENTICATION = Source("Authentication", PAGE, f"{_DOCS}/api/authentication/")
ERROR_RULE = Source("Errors", PAGE, f"{_DOCS}/api/errors")
ERROR_CODES = Source(
    "Error codes for order management",
    PAGE,
    f"{_DOCS}/resources/developer-tools/error-handling/error-codes-and-messages-for-order-management",
)
VIEW = Source("View and change orders", PAGE, f"{_MANAGE}/view-and-change-orders")
CAPTURES = Source("Capture and track orders", PAGE, f"{_MANAGE}/capture-and-track-orders")
REFUNDS = Source("Refund orders and manage authorizations", PAGE, f"{_MANAGE}/refund-orders-and-manage-authorizations")
ALLOCATION = Source("Refund allocation", PAGE, f"{_DOCS}/order-management/in-depth-knowledge/refund-allocation/")
ACKNOWLEDGE = Source("Acknowledge", PAGE, f"{_DOCS}/order-management/pre-delivery/acknowledge-kco-order/")
SIZES = Source(
    "Request limits",
    PAGE,
    f"{_DOCS}/acquirer/stripe/recommended-integration/integration-resilience/request-limits/",
)
PUSHES = Source("Confirm purchase", PAGE, f"{_DOCS}/klarna-checkout/additional-resources/confirm-purchase")
PENDING = Source(
    "Pending orders", PAGE, f"{_DOCS}/payments/after-payments/order-management/more-actions/pending-orders/"
)
OPENAPI = Source("Order Management API", SPECIFICATION, f"{_DOCS}/api/ordermanagement/")
WORKAREA = Source("cassettes of workarea-klarna", RECORDED, "https://github.com/workarea-commerce/workarea-klarna")
SOLIDUS = Source(
    "cassettes of solidus_klarna_payments",
    RECORDED,
    "https://github.com/solidusio-contrib/solidus_klarna_payments",
)
PUSH_TIMEOUT = Source(
    "klarna-checkout-for-woocommerce, issue 85",
    RECORDED,
    "https://github.com/krokedil/klarna-checkout-for-woocommerce/issues/85",
)
FRAUD_CAPTURE = Source(
    "klarna-payments-for-woocommerce, issue 20",
    RECORDED,
    "https://github.com/krokedil/klarna-payments-for-woocommerce/issues/20",
)
NOWHERE = Source("", SAFE)

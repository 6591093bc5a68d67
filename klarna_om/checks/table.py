"""All rules on one page, exported as `RULES`.

A rule is a problem only where the specification, or a limit that Klarna publishes, leaves it no choice but to refuse.
It is a warning where the documents recommend, contradict each other or themselves, list values that they do not call
complete, or define how amounts agree: Klarna itself stores amounts that do not.
"""

from klarna_om.checks import addresses, amounts, known_values, limits, markup, requests, return_fee, urls
from klarna_om.checks.rule import Content, Rule, WithLines
from klarna_om.exchange import Request
from klarna_om.types import (
    CaptureObject,
    ExtendDueDateRequest,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateShippingInfo,
)

SPECIFICATION = "https://docs.klarna.com/api/ordermanagement/"
DATA_TYPES = "https://docs.klarna.com/api-reference/data-types"
ORDERS = "https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/view-and-change-orders/"
REFUNDS = "https://docs.klarna.com/payments/after-payments/order-management/ (refund orders)"
EXTENSIONS = "https://docs.klarna.com/order-management/post-delivery/extend-customer-due-date/"
SIZES = "https://docs.klarna.com/acquirer/stripe/recommended-integration/integration-resilience/request-limits/"
TAX = "Klarna's guide to tax handling (integration resilience)"
KUSTOM = "https://docs.kustom.co/contents/api/order-management/"

RULES: tuple[Rule, ...] = (
    Rule(
        "limits", "problem", Content, limits.find_broken_limits,
        "required fields, kinds, lengths, ranges and list sizes are those of the specification",
        SPECIFICATION,
    ),
    Rule(
        "days of an extension", "problem", ExtendDueDateRequest, requests.find_impossible_extension,
        "number_of_days is one of the options that Klarna offers, so it is at least 1",
        EXTENSIONS,
    ),
    Rule(
        "size", "problem", Request, requests.find_oversized_body,
        "a body has at most 1 MB",
        SIZES,
    ),
    Rule(
        "order id", "problem", Request, requests.find_malformed_order_id,
        "an order id is shaped like a UUID",
        KUSTOM, "kustom",
    ),
    Rule(
        "order lines of an authorization", "problem", UpdateAuthorization, requests.find_missing_lines,
        "an authorization is updated with order_lines",
        KUSTOM, "kustom",
    ),
    Rule(
        "order id", "warning", Request, requests.find_malformed_order_id,
        "an order id is shaped like a UUID; the guide requires it, the specification allows any string",
        ORDERS, "klarna",
    ),
    Rule(
        "order lines of an authorization", "warning", UpdateAuthorization, requests.find_missing_lines,
        "an authorization updated without order_lines loses those that it has",
        ORDERS, "klarna",
    ),
    Rule(
        "line sum", "warning", WithLines, amounts.find_wrong_line_sums,
        "a line's total_amount is quantity * unit_price - total_discount_amount; Klarna stores others too",
        SPECIFICATION,
    ),
    Rule(
        "sum of lines", "warning", WithLines, amounts.find_wrong_sum,
        "the amount is the sum of the lines, where there are any; the guide asks for it where one is a return fee",
        REFUNDS,
    ),
    Rule(
        "return fee", "warning", RefundObject, return_fee.find_wrong_return_fee,
        "a return fee has a negative unit_price and total_amount; the guide requires it, the specification does not",
        REFUNDS,
    ),
    Rule(
        "capture of nothing", "warning", CaptureObject, amounts.find_empty_capture,
        "a capture is of at least 1: the specification allows 0 in the request, and not in what comes of it",
        SPECIFICATION,
    ),
    Rule(
        "tax", "warning", WithLines, amounts.find_wrong_tax,
        "total_tax_amount is total_amount - total_amount * 10000 / (10000 + tax_rate), give or take 1",
        TAX,
    ),
    Rule(
        "empty URL", "warning", urls.WithUrls, urls.find_empty_urls,
        "a URL is left out where there is none; no document allows an empty string",
        SPECIFICATION,
    ),
    Rule(
        "line type", "warning", WithLines, known_values.find_unknown_line_types,
        "a line's type is a value that the specification lists, or Kustom's package",
        SPECIFICATION,
    ),
    Rule(
        "subscription interval", "warning", WithLines, known_values.find_unknown_intervals,
        "a subscription's interval is a value that the specification lists",
        SPECIFICATION,
    ),
    Rule(
        "shipping method", "warning", CaptureObject | UpdateShippingInfo, known_values.find_unknown_shipping_methods,
        "a shipping_method is a value that the specification lists; a company may be any string",
        SPECIFICATION,
    ),
    Rule(
        "markup", "warning", Content, markup.find_markup,
        "a string has no HTML, CSS or JavaScript; nor control characters, which no document mentions",
        DATA_TYPES,
    ),
    Rule(
        "billing address", "warning", UpdateConsumer, addresses.find_billing_address,
        "a billing address cannot be changed any more",
        ORDERS,
    ),
    Rule(
        "country", "warning", UpdateConsumer, addresses.find_missing_country,
        "a country is a code of ISO 3166-1 alpha-2",
        SPECIFICATION,
    ),
    Rule(
        "region", "warning", UpdateConsumer, addresses.find_missing_region,
        "an address in the US has a region",
        SPECIFICATION,
    ),
)  # fmt: skip

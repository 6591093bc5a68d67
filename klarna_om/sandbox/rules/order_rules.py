"""Rules about orders and money."""

from klarna_om.sandbox.order_actions import EXTENSION_DAYS, MAX_AUTHORIZATION, READ_PERIOD
from klarna_om.sandbox.refund_actions import RETURN_FEE_COUNTRIES
from klarna_om.sandbox.rules import sources
from klarna_om.sandbox.rules.rule import shown_by

_DAY = 24 * 3600
_order = shown_by("sandbox/test_orders.py")
_capture = shown_by("sandbox/test_captures.py")
_refund = shown_by("sandbox/test_refunds.py")

ORDERS = (
    _order(
        "order-age",
        f"an order can be read for {READ_PERIOD // (365 * _DAY)} years",
        sources.VIEW,
        "an_order_can_be_read_for_three_years",
    ),
    _order(
        "capture-acknowledges", "a capture acknowledges the order", sources.ACKNOWLEDGE, "a_capture_acknowledges_too"
    ),
    _order(
        "authorization-lines",
        "a new authorization without `order_lines` deletes the lines",
        sources.VIEW,
        "a_new_authorization_without_lines_deletes_the_lines",
    ),
    _order(
        "authorization-amount",
        "a new amount differs from the current one and is not below what was captured",
        sources.VIEW,
        "a_new_amount_below_the_captured_amount_is_refused",
    ),
    _order(
        "authorization-increase",
        "only some payment methods allow an increase",
        sources.VIEW,
        "only_some_payment_methods_allow_an_increase",
    ),
    _order(
        "references",
        "a merchant reference that is sent is overwritten, by an empty string too; the other one stays",
        sources.VIEW,
        "merchant_references_are_overwritten_one_by_one_even_by_an_empty_string",
    ),
    _order(
        "extension",
        f"an extension moves the expiry to {EXTENSION_DAYS} days from today, and never beyond"
        f" {MAX_AUTHORIZATION // _DAY} days after the purchase",
        sources.REFUNDS,
        "an_order_is_never_extended_beyond_180_days",
    ),
)
MONEY = (
    _capture(
        "capture-amount",
        "a capture above the remaining authorized amount gets 403 `CAPTURE_NOT_ALLOWED`",
        sources.ERROR_CODES,
        "a_capture_above_the_remaining_amount_is_refused",
    ),
    _capture("capture-zero", "a capture of 0 is refused", sources.NOWHERE, "a_capture_of_zero_is_refused"),
    _capture(
        "capture-review",
        "during a fraud review a capture is refused",
        sources.FRAUD_CAPTURE,
        "nothing_is_captured_during_a_fraud_review",
    ),
    _refund(
        "refund-amount",
        "a refund above what was captured and not refunded gets 403 `REFUND_NOT_ALLOWED`",
        sources.ERROR_CODES,
        "a_refund_above_the_captured_amount_is_refused",
    ),
    _refund("refund-zero", "a refund of 0 is refused", sources.NOWHERE, "a_refund_of_zero_is_refused"),
    _refund(
        "refund-allocation",
        "a refund belongs to the captures that have a line with the same `reference`",
        sources.ALLOCATION,
        "a_refund_is_allocated_to_the_capture_with_the_same_line",
    ),
    _refund(
        "refund-oldest",
        "without such a line it belongs to the oldest captures",
        sources.NOWHERE,
        "a_refund_without_lines_is_allocated_to_the_oldest_captures",
    ),
    _refund(
        "return-fee",
        f"a return fee is a negative line, after a single full capture, in {len(RETURN_FEE_COUNTRIES)} countries",
        sources.REFUNDS,
        "a_return_fee_is_refused_outside_its_rules",
    ),
)

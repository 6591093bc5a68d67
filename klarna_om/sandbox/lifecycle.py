"""The lifecycle of an order, as a table with the rules in words above it.

What an order is
    AUTHORIZED      nothing is captured, and it has not expired PART_CAPTURED   something is captured, and
    less than the order's amount CAPTURED        all of the order's amount is captured CANCELLED
    somebody cancelled it EXPIRED         nothing was captured until `expires_at` CLOSED          Klarna
    closed it; when it does is published nowhere, so the sandbox never does so by itself

What may be done with it
    - Acknowledging is always possible, repeating it is harmless, and a capture acknowledges too.
    - An order is cancelled only while nothing is captured; after that the rest is released instead.
    - A capture takes from what remains authorised, until `expires_at`, and not during a pending fraud review.
    - The rest is released only after a capture and before everything is captured, cancelled or expired.
    - A refund gives back what was captured and not yet refunded, and no more.
    - The authorisation is changed, the customer's address mended and the time extended before the order is
      fully captured, cancelled or expired.
    - Merchant references are changed in every state but CANCELLED.
    - Shipping details are added to an order in every state (Klarna's specification knows no refusal), and to
      a capture wherever there is one. The same goes for sending the customer's mail again.

Published nowhere, and how it is read here: the strict way, so that nobody comes to lean on a kindness that
Klarna may not have. Cancelling twice, and releasing twice, is refused. A customer's address cannot be
changed, nor the time extended, once everything is captured. A part-captured order stays PART_CAPTURED after
`expires_at`, but nothing remains to be captured. A CLOSED order can be read, acknowledged, referenced and
refunded.

https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/
"""

from collections.abc import Mapping

from attrs import frozen

AUTHORIZED, PART_CAPTURED, CAPTURED = "AUTHORIZED", "PART_CAPTURED", "CAPTURED"
CANCELLED, EXPIRED, CLOSED = "CANCELLED", "EXPIRED", "CLOSED"
STATUSES = (AUTHORIZED, PART_CAPTURED, CAPTURED, CANCELLED, EXPIRED, CLOSED)


@frozen
class Rule:
    """One row: in which states an operation is possible, and what Klarna says where it is not."""

    operation: str
    possible: Mapping[str, bool]
    """By status."""
    error_code: str
    """Of the 403."""
    impossible: str
    """The last sentence of a refusal, after its reason."""
    missing_order: str = "NO_SUCH_ORDER"
    missing_part: str = "NO_SUCH_ORDER"
    """The code for an unknown capture or refund: Klarna's specification names different ones."""


def _row(marks: str, operation: str, impossible: str, error_code: str = "NOT_ALLOWED", **missing: str) -> Rule:
    possible = {status: mark == "x" for status, mark in zip(STATUSES, marks.split(), strict=True)}
    return Rule(operation, possible, error_code, impossible, **missing)


_NOT_FOUND = {"missing_order": "NOT_FOUND", "missing_part": "NOT_FOUND"}
_NO_CAPTURE = {"missing_part": "NO_SUCH_CAPTURE"}

_TABLE = (
    #     AUTHORIZED
    #     | PART_CAPTURED
    #     | | CAPTURED
    #     | | | CANCELLED
    #     | | | | EXPIRED
    #     | | | | | CLOSED
    _row("x x x x x x", "orders.get", "Order cannot be read."),
    _row("x x x x x x", "orders.acknowledge", "Acknowledgement not possible."),
    _row("x x - - - -", "orders.update_authorization", "Update not allowed."),
    _row("x - - - - -", "orders.cancel", "Cancel not possible.", "CANCEL_NOT_ALLOWED"),
    _row("x x - - - -", "orders.update_customer_details", "Customer details cannot be updated."),
    _row("x x - - - -", "orders.extend_authorization_time", "Authorization time cannot be extended."),
    _row("x x x - x x", "orders.update_merchant_references", "Merchant references cannot be updated."),
    _row("- x - - - -", "orders.release_remaining_authorization", "Remaining authorization cannot be released."),
    _row("x x x x x x", "orders.add_shipping_info", "Shipping info cannot be added."),
    _row("x x x x x x", "captures.list", "Captures cannot be read."),
    _row("x x - - - -", "captures.create", "Capture not possible.", "CAPTURE_NOT_ALLOWED"),
    _row("x x x x x x", "captures.get", "Capture cannot be read."),
    _row("x x x x x x", "captures.add_shipping_info", "Shipping info cannot be added."),
    _row("x x x x x x", "captures.trigger_send_out", "Send out not possible.", **_NO_CAPTURE),
    _row("x x x x x x", "captures.extend_due_date", "Due date cannot be extended.", **_NO_CAPTURE),
    _row("x x x x x x", "captures.due_date_options", "Options cannot be read.", **_NO_CAPTURE),
    _row("x x x x x x", "refunds.create", "Refund not possible.", "REFUND_NOT_ALLOWED", **_NOT_FOUND),
    _row("x x x x x x", "refunds.get", "Refund cannot be read.", **_NOT_FOUND),
)
LIFECYCLE: Mapping[str, Rule] = {rule.operation: rule for rule in _TABLE}

REASONS: Mapping[str, str] = {
    AUTHORIZED: "Order has no captures.",
    PART_CAPTURED: "Order has previous captures.",
    CAPTURED: "Order is fully captured.",
    CANCELLED: "Order is cancelled.",
    EXPIRED: "Order is expired.",
    CLOSED: "Order is closed.",
}
"""The first sentence of a refusal; `Order has previous captures. Cancel not possible.` is Klarna's own."""


def status_of(*, amount: int, captured: int, cancelled: bool, closed: bool, expired: bool) -> str:
    """The status that these facts add up to."""
    if cancelled:
        return CANCELLED
    if closed:
        return CLOSED
    if captured:
        return CAPTURED if captured >= amount else PART_CAPTURED
    return EXPIRED if expired else AUTHORIZED

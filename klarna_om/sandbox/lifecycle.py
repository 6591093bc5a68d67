"""The lifecycle of an order: the rules in words, and how the sandbox refuses. The table is `lifecycle.states`.

The status of an order
    AUTHORIZED      nothing is captured, and it has not expired
    PART_CAPTURED   something is captured, and less than the order's amount
    CAPTURED        all of the order's amount is captured
    CANCELLED       the merchant cancelled it, or Klarna 4 hours after its fraud review had rejected it, if nothing
                    was captured by then
    EXPIRED         nothing was captured until `expires_at`
    CLOSED          Klarna closed it; Klarna has not published when, so the sandbox never closes one itself

The rules
    - An order can always be acknowledged, repeating it is harmless, and a capture acknowledges too.
    - An order can be cancelled only while nothing is captured; after that the rest is released instead.
    - A capture takes from what remains authorised, until `expires_at`, and not during a pending fraud review.
    - The rest can be released only after a capture and before everything is captured, cancelled or expired.
    - A refund returns what was captured and not yet refunded, and no more.
    - The authorisation can be changed, the customer's address corrected and the time extended before the
      order is fully captured, cancelled or expired.
    - Merchant references can be changed in every state but CANCELLED.
    - Shipping details can be added to an order in every state (Klarna's specification has no refusal for it),
      and to every capture. The same goes for sending the customer's mail again.

Klarna has not published the following; the sandbox assumes the strict behaviour, so that no caller relies on
something that Klarna may refuse. Cancelling twice, and releasing twice, is refused. A customer's address
cannot be changed, nor the time extended, once everything is captured. A part-captured order stays
PART_CAPTURED after `expires_at`, but nothing remains to be captured, changed, extended or released. A CLOSED
order can be read, acknowledged, referenced and refunded.

https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/
"""

from collections.abc import Mapping

from attrs import frozen

from klarna_om.lifecycle.states import ALLOWED, STATES

AUTHORIZED, PART_CAPTURED, CAPTURED = "AUTHORIZED", "PART_CAPTURED", "CAPTURED"
CANCELLED, EXPIRED, CLOSED = "CANCELLED", "EXPIRED", "CLOSED"
STATUSES = (AUTHORIZED, PART_CAPTURED, CAPTURED, CANCELLED, EXPIRED, CLOSED)


@frozen
class Rule:
    """One row: in which states an operation is allowed, and how it is refused in the others."""

    operation: str
    is_allowed: Mapping[str, bool]
    """By status."""
    error_code: str
    """Of the 403."""
    denial: str
    """The last sentence of a refusal, after its reason."""
    order_not_found: str = "NO_SUCH_ORDER"
    """The code for an unknown order."""
    part_not_found: str = "NO_SUCH_ORDER"
    """The code for an unknown capture or refund: Klarna's specification uses different ones."""


def _row(operation: str, denial: str, error_code: str = "NOT_ALLOWED", **not_found: str) -> Rule:
    is_allowed = {status: mark == ALLOWED for status, mark in STATES[operation].items()}
    return Rule(operation, is_allowed, error_code, denial, **not_found)


_NOT_FOUND = {"order_not_found": "NOT_FOUND", "part_not_found": "NOT_FOUND"}
_NO_CAPTURE = {"part_not_found": "NO_SUCH_CAPTURE"}

_TABLE = (
    _row("orders.get", "Order cannot be read."),
    _row("orders.acknowledge", "Acknowledgement not possible."),
    _row("orders.update_authorization", "Update not allowed."),
    _row("orders.cancel", "Cancel not possible.", "CANCEL_NOT_ALLOWED"),
    _row("orders.update_customer_details", "Customer details cannot be updated."),
    _row("orders.extend_authorization_time", "Authorization time cannot be extended."),
    _row("orders.update_merchant_references", "Merchant references cannot be updated."),
    _row("orders.release_remaining_authorization", "Remaining authorization cannot be released."),
    _row("orders.add_shipping_info", "Shipping info cannot be added."),
    _row("captures.list", "Captures cannot be read."),
    _row("captures.create", "Capture not possible.", "CAPTURE_NOT_ALLOWED"),
    _row("captures.get", "Capture cannot be read."),
    _row("captures.add_shipping_info", "Shipping info cannot be added."),
    _row("captures.trigger_send_out", "Send out not possible.", **_NO_CAPTURE),
    _row("captures.extend_due_date", "Due date cannot be extended.", **_NO_CAPTURE),
    _row("captures.due_date_options", "Options cannot be read.", **_NO_CAPTURE),
    _row("refunds.create", "Refund not possible.", "REFUND_NOT_ALLOWED", **_NOT_FOUND),
    _row("refunds.get", "Refund cannot be read.", **_NOT_FOUND),
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


def status_of(*, amount: int, captured: int, is_cancelled: bool, is_closed: bool, is_expired: bool) -> str:
    """The status that follows from these facts."""
    if is_cancelled:
        return CANCELLED
    if is_closed:
        return CLOSED
    if captured:
        return CAPTURED if captured >= amount else PART_CAPTURED
    return EXPIRED if is_expired else AUTHORIZED

"""The operations on refunds.

A refund is allocated to the captures that have an order line with the same reference, then to the oldest.
Only the first half of that is published; the second makes every captured amount refundable, and each
capture's sum add up. https://docs.klarna.com/order-management/in-depth-knowledge/refund-allocation/

Klarna has not published what a refund of zero does; the sandbox refuses it.
"""

from collections.abc import Callable, Mapping

from klarna_om.sandbox.account import CaptureRecord, Document
from klarna_om.sandbox.action_context import ActionContext
from klarna_om.sandbox.clock import format_timestamp
from klarna_om.sandbox.results import CreatedResource, Result
from klarna_om.sandbox.seeded_orders import derive_uuid

# Where a merchant may keep a return fee, from the page on refunds.
RETURN_FEE_COUNTRIES = frozenset(
    ["AT", "DE", "DK", "FI", "FR", "NL", "NO", "SE", "IT", "ES", "IE", "PT", "CZ", "AU", "GR"]
)

_CALLERS_FIELDS = ("description", "reference", "order_lines")


def create(context: ActionContext) -> Result:
    """Refund at most what was captured and not yet refunded."""
    account, amount = context.account, context.body["refunded_amount"]
    if not account.captures:
        raise context.refusal("Order has no captures.")
    if amount > account.captured_amount - account.refunded_amount:
        raise context.refusal("Over refund is not allowed.")
    if amount == 0:
        raise context.refusal("Refunded amount is zero.")
    _check_return_fee(context)
    allocate(account.captures, amount, context.body.get("order_lines", []))
    refund_id = derive_uuid("refund", context.order_id, len(account.refunds) + 1)
    refund: Document = {
        "refund_id": refund_id,
        "refunded_amount": amount,
        "refunded_at": format_timestamp(context.now),
        "description": "",
        "order_lines": [],
        **{name: context.body[name] for name in _CALLERS_FIELDS if name in context.body},
    }
    account.refunds += (refund,)
    account.refunded_amount += amount
    path = f"/ordermanagement/v1/orders/{context.order_id}/refunds/{refund_id}"
    return Result(201, created=CreatedResource("Refund-Id", refund_id, path))


def _check_return_fee(context: ActionContext) -> None:
    """A negative line; the refund is the exact sum of its lines, and the order was captured at once."""
    lines = context.body.get("order_lines", [])
    fees = [line for line in lines if line.get("type") == "return_fee"]
    if not fees:
        return
    account = context.account
    if account.country not in RETURN_FEE_COUNTRIES:
        raise context.refusal("Return fee is not available in the purchase country.")
    if any(fee["total_amount"] >= 0 or fee["unit_price"] >= 0 for fee in fees):
        raise context.refusal("Return fee must be negative.")
    if sum(line["total_amount"] for line in lines) != context.body["refunded_amount"]:
        raise context.refusal("Refunded amount must be the sum of the order lines.")
    if len(account.captures) != 1 or account.captured_amount != account.order_amount:
        raise context.refusal("Return fee requires a single full capture.")


def allocate(captures: tuple[CaptureRecord, ...], amount: int, lines: list[Document]) -> None:
    """Distribute a refund over the captures; their sum is at least the amount."""
    references = {line["reference"] for line in lines if line.get("reference")}
    for capture in sorted(captures, key=lambda each: references.isdisjoint(_references(each))):
        part = min(amount, capture.refundable_amount)
        capture.refunded_amount += part
        amount -= part


def _references(capture: CaptureRecord) -> set[str]:
    return {line["reference"] for line in capture.document["order_lines"] if line.get("reference")}


def get(context: ActionContext) -> Result:
    """One refund."""
    refund_id = context.ids["refund_id"]
    for refund in context.account.refunds:
        if refund["refund_id"] == refund_id:
            return Result(200, refund)
    raise context.not_found("Refund", refund_id)


ACTIONS: Mapping[str, Callable[[ActionContext], Result]] = {"refunds.create": create, "refunds.get": get}

"""Refunds: captured money that goes back.

A refund is booked on the captures that share an order line's reference with it, then on the oldest. Only the
first half of that is published; the second makes every captured amount refundable, and each capture's sum add
up. https://docs.klarna.com/order-management/in-depth-knowledge/refund-allocation/

Published nowhere: a refund of nothing. It is refused.
"""

from collections.abc import Callable, Mapping

from klarna_om.sandbox.account import Captured, Document
from klarna_om.sandbox.answers import Answer, Created
from klarna_om.sandbox.case import Case
from klarna_om.sandbox.clock import stamp
from klarna_om.sandbox.seeds import uuid_of

# Where a return fee may be kept back, from the page on refunds.
RETURN_FEE_COUNTRIES = frozenset(
    ["AT", "DE", "DK", "FI", "FR", "NL", "NO", "SE", "IT", "ES", "IE", "PT", "CZ", "AU", "GR"]
)

_SENT = ("description", "reference", "order_lines")


def create(case: Case) -> Answer:
    """Give back what was captured and not yet refunded, at most."""
    account, amount = case.account, case.body["refunded_amount"]
    if not account.captures:
        raise case.refusal("Order has no captures.")
    if amount > account.captured - account.refunded:
        raise case.refusal("Over refund is not allowed.")
    if amount == 0:
        raise case.refusal("Refunded amount is zero.")
    _check_return_fee(case)
    allocate(account.captures, amount, case.body.get("order_lines", []))
    refund_id = uuid_of("refund", case.order_id, len(account.refunds) + 1)
    refund: Document = {
        "refund_id": refund_id,
        "refunded_amount": amount,
        "refunded_at": stamp(case.now),
        "description": "",
        "order_lines": [],
        **{name: case.body[name] for name in _SENT if name in case.body},
    }
    account.refunds += (refund,)
    account.refunded += amount
    path = f"/ordermanagement/v1/orders/{case.order_id}/refunds/{refund_id}"
    return Answer(201, created=Created("Refund-Id", refund_id, path))


def _check_return_fee(case: Case) -> None:
    """A negative line; the refund is the exact sum of its lines, and the order was captured at once."""
    lines = case.body.get("order_lines", [])
    fees = [line for line in lines if line.get("type") == "return_fee"]
    if not fees:
        return
    if case.account.country not in RETURN_FEE_COUNTRIES:
        raise case.refusal("Return fee is not available in the purchase country.")
    if any(fee["total_amount"] >= 0 or fee["unit_price"] >= 0 for fee in fees):
        raise case.refusal("Return fee must be negative.")
    if sum(line["total_amount"] for line in lines) != case.body["refunded_amount"]:
        raise case.refusal("Refunded amount must be the sum of the order lines.")
    if len(case.account.captures) != 1 or case.account.captured != case.account.amount:
        raise case.refusal("Return fee requires a single full capture.")


def allocate(captures: tuple[Captured, ...], amount: int, lines: list[Document]) -> None:
    """Book a refund on the captures it belongs to; their sum can bear it."""
    named = {line["reference"] for line in lines if line.get("reference")}
    for capture in sorted(captures, key=lambda each: named.isdisjoint(_references(each))):
        part = min(amount, capture.refundable)
        capture.refunded += part
        amount -= part


def _references(capture: Captured) -> set[str]:
    return {line["reference"] for line in capture.document["order_lines"] if line.get("reference")}


def get(case: Case) -> Answer:
    """One refund."""
    wanted = case.ids["refund_id"]
    for refund in case.account.refunds:
        if refund["refund_id"] == wanted:
            return Answer(200, refund)
    raise case.missing("Refund", wanted)


ACTIONS: Mapping[str, Callable[[Case], Answer]] = {"refunds.create": create, "refunds.get": get}

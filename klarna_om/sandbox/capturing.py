"""Captures: what leaves the warehouse, and what is done for it afterwards.

Published nowhere, and how it is read here: a capture of nothing is refused (the request's schema allows 0,
the answer's begins at 1); shipping details, sending mail again and moving the due date answer 403 where the
order has no captures at all, and 404 where it has others. The fees for moving a due date are the sandbox's
own.
"""

from collections.abc import Callable, Mapping

from klarna_om.sandbox.account import Captured, Document, capture_document
from klarna_om.sandbox.answers import NO_CONTENT, Answer, Created
from klarna_om.sandbox.case import Case
from klarna_om.sandbox.clock import stamp
from klarna_om.sandbox.seeds import uuid_of

PAY_LATER = frozenset({"INVOICE", "INVOICE_BUSINESS", "B2B_INVOICE"})
FREE_DAYS = 2  # once an order
EXTENSIONS = {7: 500, 14: 900, 30: 1900}
"""Days, and the merchant's fee in minor units."""

_SENT = ("description", "reference", "order_lines")


def create(case: Case) -> Answer:
    """Take from what remains. It acknowledges the order too."""
    account, amount = case.account, case.body["captured_amount"]
    if account.fraud_status == "PENDING":
        raise case.refusal("Order is under fraud review.")
    if amount > account.remaining(case.now):
        raise case.refusal("Captured amount is higher than the remaining authorized amount.")
    if amount == 0:
        raise case.refusal("Captured amount is zero.")
    capture = booked(case.order_id, len(account.captures) + 1, amount, case.body, case.bought(), case.now)
    account.captures += (capture,)
    account.captured += amount
    account.acknowledged = True
    path = f"/ordermanagement/v1/orders/{case.order_id}/captures/{capture.capture_id}"
    return Answer(201, created=Created("Capture-Id", capture.capture_id, path))


def booked(order_id: str, number: int, amount: int, sent: Document, bought: Document, now: float) -> Captured:
    """The record of a capture; its reference is the order's with its number."""
    document: Document = {
        "klarna_reference": f"{bought['klarna_reference']}-{number}",
        "captured_at": stamp(now),
        "description": "",
        "order_lines": [],
        **{name: sent[name] for name in _SENT if name in sent},
    }
    return Captured(
        capture_id=uuid_of("capture", order_id, number),
        amount=amount,
        document=document,
        shipping_info=tuple(sent.get("shipping_info", ())),
    )


def get(case: Case) -> Answer:
    """One capture."""
    return Answer(200, capture_document(case.capture(), case.document()))


def add_shipping_info(case: Case) -> Answer:
    """Appended to what the capture has."""
    _must_have_captures(case)
    capture = case.capture()
    capture.shipping_info += tuple(case.body["shipping_info"])
    return NO_CONTENT


def trigger_send_out(case: Case) -> Answer:
    """The customer's mail goes out again; there is nothing to see of it but the count of effects."""
    _must_have_captures(case)
    case.capture()
    return NO_CONTENT


def _must_have_captures(case: Case) -> None:
    if not case.account.captures:
        raise case.refusal("Order has no captures.")


def extend_due_date(case: Case) -> Answer:
    """By a number of days that the options offer."""
    _must_have_captures(case)
    capture, days = case.capture(), case.body["number_of_days"]
    if days not in _options(case):
        raise case.refusal(f"{days} is not one of the available numbers of days.")
    capture.due_days += days
    case.account.free_extension_used |= days == FREE_DAYS
    return NO_CONTENT


def due_date_options(case: Case) -> Answer:
    """For pay-later orders, else none. Klarna writes the currency in small letters here."""
    case.capture()
    options = [{"number_of_days": days, "amount": fee} for days, fee in _options(case).items()]
    return Answer(200, {"currency": case.bought()["purchase_currency"].lower(), "options": options})


def _options(case: Case) -> Mapping[int, int]:
    if case.account.method not in PAY_LATER:
        return {}
    return EXTENSIONS if case.account.free_extension_used else {FREE_DAYS: 0, **EXTENSIONS}


ACTIONS: Mapping[str, Callable[[Case], Answer]] = {
    "captures.create": create,
    "captures.get": get,
    "captures.add_shipping_info": add_shipping_info,
    "captures.trigger_send_out": trigger_send_out,
    "captures.extend_due_date": extend_due_date,
    "captures.due_date_options": due_date_options,
}

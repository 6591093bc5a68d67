"""The operations on captures.

Klarna has not published the following; the sandbox assumes: a capture of zero is refused (the request's
schema allows 0, the response's begins at 1); adding shipping details, sending the customer's mail again and
moving the due date return 403 where the order has no captures at all, and 404 where it has others. The fees
for moving a due date are the sandbox's own. After a fraud review that STOPPED the order a capture is refused; where
one REJECTED it, a capture within 4 hours overrides that (this is published), and the order still shows REJECTED.
"""

from collections.abc import Callable, Mapping

from klarna_om.lifecycle.due_date import PAY_LATER
from klarna_om.sandbox.account import PENDING, STOPPED, Account, CaptureRecord, Document, build_capture
from klarna_om.sandbox.action_context import ActionContext
from klarna_om.sandbox.clock import format_timestamp
from klarna_om.sandbox.results import NO_CONTENT, CreatedResource, Result
from klarna_om.sandbox.seeded_orders import derive_uuid

FREE_DAYS = 2  # once an order
EXTENSIONS = {7: 500, 14: 900, 30: 1900}
"""Days, and the merchant's fee in minor units."""

_FRAUD_REASONS: Mapping[str, str] = {
    PENDING: "Order is under fraud review.",
    STOPPED: "Order was stopped by the fraud review.",
}
"""Why an order with this fraud status cannot be captured."""

_CALLERS_FIELDS = ("description", "reference", "order_lines")


def create(context: ActionContext) -> Result:
    """Capture from the remaining amount. It acknowledges the order too."""
    account, amount = context.account, context.body["captured_amount"]
    if (reason := _FRAUD_REASONS.get(account.fraud_status)) is not None:
        raise context.refusal(reason)
    if amount > account.remaining_amount(context.now):
        raise context.refusal("Captured amount is higher than the remaining authorized amount.")
    if amount == 0:
        raise context.refusal("Captured amount is zero.")
    capture = record_capture(account, amount, context.body, context.purchase(), context.now)
    path = f"/ordermanagement/v1/orders/{context.order_id}/captures/{capture.capture_id}"
    return Result(201, created=CreatedResource("Capture-Id", capture.capture_id, path))


def record_capture(account: Account, amount: int, body: Document, purchase: Document, now: float) -> CaptureRecord:
    """Add a capture to the account; its reference is the order's with its number."""
    number = len(account.captures) + 1
    document: Document = {
        "klarna_reference": f"{purchase['klarna_reference']}-{number}",
        "captured_at": format_timestamp(now),
        "description": "",
        "order_lines": [],
        **{name: body[name] for name in _CALLERS_FIELDS if name in body},
    }
    capture = CaptureRecord(
        capture_id=derive_uuid("capture", purchase["order_id"], number),
        amount=amount,
        document=document,
        shipping_info=tuple(body.get("shipping_info", ())),
    )
    account.captures += (capture,)
    account.captured_amount += amount
    account.is_acknowledged = True
    return capture


def get(context: ActionContext) -> Result:
    """One capture."""
    return Result(200, build_capture(context.capture(), context.order()))


def add_shipping_info(context: ActionContext) -> Result:
    """Appended to the capture's shipping info."""
    _require_captures(context)
    capture = context.capture()
    capture.shipping_info += tuple(context.body["shipping_info"])
    return NO_CONTENT


def trigger_send_out(context: ActionContext) -> Result:
    """The customer's mail is sent again; only the count of effects shows it."""
    _require_captures(context)
    context.capture()
    return NO_CONTENT


def _require_captures(context: ActionContext) -> None:
    if not context.account.captures:
        raise context.refusal("Order has no captures.")


def extend_due_date(context: ActionContext) -> Result:
    """By one of the numbers of days that the options offer."""
    _require_captures(context)
    capture, days = context.capture(), context.body["number_of_days"]
    if days not in _options(context):
        raise context.refusal(f"{days} is not one of the available numbers of days.")
    capture.due_days += days
    context.account.has_used_free_extension |= days == FREE_DAYS
    return NO_CONTENT


def due_date_options(context: ActionContext) -> Result:
    """For pay-later orders, else none. Klarna writes the currency in lower case here."""
    context.capture()
    options = [{"number_of_days": days, "amount": fee} for days, fee in _options(context).items()]
    return Result(200, {"currency": context.purchase()["purchase_currency"].lower(), "options": options})


def _options(context: ActionContext) -> Mapping[int, int]:
    if context.account.payment_method not in PAY_LATER:
        return {}
    return EXTENSIONS if context.account.has_used_free_extension else {FREE_DAYS: 0, **EXTENSIONS}


ACTIONS: Mapping[str, Callable[[ActionContext], Result]] = {
    "captures.create": create,
    "captures.get": get,
    "captures.add_shipping_info": add_shipping_info,
    "captures.trigger_send_out": trigger_send_out,
    "captures.extend_due_date": extend_due_date,
    "captures.due_date_options": due_date_options,
}

"""What can be done with an order as a whole.

Published nowhere, and how it is read here: a new amount that equals the old one is refused (Klarna says that
it must differ), with the same code as every other refusal of the operation; an increase that is permitted at
all passes the risk check; released money stays released when the amount changes; to clear a mandatory part of
an address is refused with Klarna's `INVALID_ADDRESS`.
"""

from collections.abc import Callable, Mapping

from klarna_om.sandbox.account import capture_document
from klarna_om.sandbox.answers import NO_CONTENT, Answer, RefusedError
from klarna_om.sandbox.case import Case
from klarna_om.sandbox.clock import midnight

READABLE = 3 * 365 * 24 * 3600  # an order can be read up to three years after its creation
EXTENSION_DAYS = 28  # what an account is given unless it has agreed on more
LONGEST_AUTHORIZATION = 180 * 24 * 3600  # seconds after the order's creation

# Which orders may be made dearer: view-and-change-orders, with the two older names of the pre-delivery page.
RAISABLE = frozenset({"INVOICE", "INVOICE_BUSINESS", "B2B_INVOICE", "ACCOUNT", "BASE_ACCOUNT", "DIRECT_DEBIT"})
RAISABLE_FIXED_AMOUNT = frozenset({"AT", "DE", "DK", "FI", "FR", "NL", "NO", "SE"})
MANDATORY = ("given_name", "family_name", "street_address", "postal_code", "city", "country", "email")


def get(case: Case) -> Answer:
    """The order as it stands."""
    if case.now - case.account.created_at > READABLE:
        raise RefusedError(404, case.rule.missing_order, f"Order {case.order_id} cannot be found.")
    return Answer(200, case.document())


def acknowledge(case: Case) -> Answer:
    """Repeating it is harmless."""
    case.account.acknowledged = True
    return NO_CONTENT


def update_authorization(case: Case) -> Answer:
    """A new total, and new lines in place of the old ones: left out, the order has none."""
    account, amount = case.account, case.body["order_amount"]
    if amount == account.amount:
        raise case.refusal("The new order amount must differ from the current one.")
    if amount < account.captured:
        raise case.refusal("The new order amount must not be below the captured amount.")
    if amount > account.amount and not _raisable(account.method, account.country):
        raise case.refusal("The payment method does not allow an increase.")
    account.amount = amount
    account.released = min(account.released, amount - account.captured)
    account.change(order_lines=case.body.get("order_lines", []))
    return NO_CONTENT


def _raisable(method: str, country: str) -> bool:
    if method == "FIXED_AMOUNT":
        return country in RAISABLE_FIXED_AMOUNT
    return method in RAISABLE and country != "CH"


def cancel(case: Case) -> Answer:
    """The lifecycle has said yes: nothing is captured."""
    case.account.cancelled = True
    return NO_CONTENT


def update_customer_details(case: Case) -> Answer:
    """A partial address: what is sent is overwritten, and an empty text clears."""
    if "billing_address" in case.body:
        raise case.refusal("Billing address cannot be updated for user account order.")
    sent = case.body.get("shipping_address", {})
    cleared = [name for name in MANDATORY if sent.get(name) == ""]
    if cleared:
        raise RefusedError(422, "INVALID_ADDRESS", *(f"shipping_address/{name} must not be empty" for name in cleared))
    case.account.change(shipping_address={**case.document().get("shipping_address", {}), **sent})
    return NO_CONTENT


def extend_authorization_time(case: Case) -> Answer:
    """28 days from today, so several calls a day give one date; never beyond 180 days after creation."""
    account = case.account
    if account.method == "PAY_BY_CARD":
        raise case.refusal("Order is paid by card.")
    if account.country == "US" and account.method in {"FIXED_AMOUNT", "FIXED_SUM_CREDIT"}:
        raise case.refusal("Order is paid in installments.")
    wanted = min(midnight(case.now, EXTENSION_DAYS), account.created_at + LONGEST_AUTHORIZATION)
    account.expires_at = max(account.expires_at, wanted)
    return NO_CONTENT


def update_merchant_references(case: Case) -> Answer:
    """A field that is sent is overwritten, with an empty text too; one that is not sent stays."""
    case.account.change(**case.body)
    return NO_CONTENT


def release_remaining_authorization(case: Case) -> Answer:
    """What was not captured will not be."""
    account = case.account
    remaining = account.remaining(case.now)
    if not remaining:
        raise case.refusal("Nothing remains authorized.")
    account.released += remaining
    return NO_CONTENT


def add_shipping_info(case: Case) -> Answer:
    """Appended to what is there."""
    known = case.document()["shipping_info"]
    case.account.change(shipping_info=[*known, *case.body["shipping_info"]])
    return NO_CONTENT


def list_captures(case: Case) -> Answer:
    """All of the order's captures: a bare list."""
    order = case.document()
    return Answer(200, [capture_document(capture, order) for capture in case.account.captures])


ACTIONS: Mapping[str, Callable[[Case], Answer]] = {
    "orders.get": get,
    "orders.acknowledge": acknowledge,
    "orders.update_authorization": update_authorization,
    "orders.cancel": cancel,
    "orders.update_customer_details": update_customer_details,
    "orders.extend_authorization_time": extend_authorization_time,
    "orders.update_merchant_references": update_merchant_references,
    "orders.release_remaining_authorization": release_remaining_authorization,
    "orders.add_shipping_info": add_shipping_info,
    "captures.list": list_captures,
}

"""The operations on an order as a whole.

Klarna has not published the following; the sandbox assumes: a new amount that equals the current one is
refused (Klarna states that it must differ), with the same code as every other refusal of the operation; an
increase that the payment method allows passes the risk check; a released amount stays released when the
order's amount changes; clearing a mandatory field of an address is refused with Klarna's `INVALID_ADDRESS`.
"""

from collections.abc import Callable, Mapping

from klarna_om.lifecycle.increase import is_increasable
from klarna_om.sandbox.account import build_capture
from klarna_om.sandbox.action_context import ActionContext
from klarna_om.sandbox.clock import midnight_after
from klarna_om.sandbox.results import NO_CONTENT, RefusedError, Result

READ_PERIOD = 3 * 365 * 24 * 3600  # an order can be read up to three years after its creation
EXTENSION_DAYS = 28  # what an account gets unless it has agreed on more
MAX_AUTHORIZATION = 180 * 24 * 3600  # seconds after the order's creation

MANDATORY_FIELDS = ("given_name", "family_name", "street_address", "postal_code", "city", "country", "email")


def get(context: ActionContext) -> Result:
    """The order in its current state."""
    if context.now - context.account.created_at > READ_PERIOD:
        raise RefusedError(404, context.rule.order_not_found, f"Order {context.order_id} cannot be found.")
    return Result(200, context.order())


def acknowledge(context: ActionContext) -> Result:
    """Repeating it is harmless."""
    context.account.is_acknowledged = True
    return NO_CONTENT


def update_authorization(context: ActionContext) -> Result:
    """A new total, and new lines in place of the old ones: without lines, the order has none."""
    account, amount = context.account, context.body["order_amount"]
    if amount == account.order_amount:
        raise context.refusal("The new order amount must differ from the current one.")
    if amount < account.captured_amount:
        raise context.refusal("The new order amount must not be below the captured amount.")
    if amount > account.order_amount and not is_increasable(account.payment_method, account.country):
        raise context.refusal("The payment method does not allow an increase.")
    account.order_amount = amount
    account.released_amount = min(account.released_amount, amount - account.captured_amount)
    account.change(order_lines=context.body.get("order_lines", []))
    return NO_CONTENT


def cancel(context: ActionContext) -> Result:
    """The lifecycle has checked that nothing is captured."""
    context.account.is_cancelled = True
    return NO_CONTENT


def update_customer_details(context: ActionContext) -> Result:
    """A partial address: the fields in the request are overwritten, and an empty string clears."""
    if "billing_address" in context.body:
        raise context.refusal("Billing address cannot be updated for user account order.")
    changes = context.body.get("shipping_address", {})
    cleared = [name for name in MANDATORY_FIELDS if changes.get(name) == ""]
    if cleared:
        raise RefusedError(422, "INVALID_ADDRESS", *(f"shipping_address/{name} must not be empty" for name in cleared))
    context.account.change(shipping_address={**context.order().get("shipping_address", {}), **changes})
    return NO_CONTENT


def extend_authorization_time(context: ActionContext) -> Result:
    """28 days from today, so several calls a day give one date; never beyond 180 days after creation."""
    account = context.account
    latest = account.created_at + MAX_AUTHORIZATION
    if context.now >= latest:
        raise context.refusal("Order is older than 180 days.")
    if account.payment_method == "PAY_BY_CARD":
        raise context.refusal("Order is paid by card.")
    if account.country == "US" and account.payment_method in {"FIXED_AMOUNT", "FIXED_SUM_CREDIT"}:
        raise context.refusal("Order is paid in installments.")
    new_expiry = min(midnight_after(context.now, EXTENSION_DAYS), latest)
    account.expires_at = max(account.expires_at, new_expiry)
    return NO_CONTENT


def update_merchant_references(context: ActionContext) -> Result:
    """A field in the request is overwritten, with an empty string too; the other one stays."""
    context.account.change(**context.body)
    return NO_CONTENT


def release_remaining_authorization(context: ActionContext) -> Result:
    """What was not captured cannot be captured any more."""
    account = context.account
    remaining = account.remaining_amount(context.now)
    if not remaining:
        raise context.refusal("Nothing remains authorized.")
    account.released_amount += remaining
    return NO_CONTENT


def add_shipping_info(context: ActionContext) -> Result:
    """Appended to the order's shipping info."""
    current = context.order()["shipping_info"]
    context.account.change(shipping_info=[*current, *context.body["shipping_info"]])
    return NO_CONTENT


def list_captures(context: ActionContext) -> Result:
    """All captures of the order: a bare list."""
    order = context.order()
    return Result(200, [build_capture(capture, order) for capture in context.account.captures])


ACTIONS: Mapping[str, Callable[[ActionContext], Result]] = {
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

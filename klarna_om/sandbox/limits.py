"""A deliberate independent copy of Klarna's limits: the sandbox checks what a client sends, so it shares none.

The client's limits are the metadata of the fields of `klarna_om.types`. With one table for both, a wrong limit
would pass unnoticed on either side. Tests compare each with the specification.

Unlike the specification, words are open: any type of a line, shipping method or interval is accepted, since no
document or recording shows that Klarna refuses an unknown one; the client only advises. Beyond it, a country is a
code of two letters, and a `billing_address` is validated, so that the refusal can name its reason.
"""

from collections.abc import Mapping

from klarna_om.sandbox.validation import INT32_MAX, ArrayRule, IntegerRule, ObjectRule, Rule, StringRule

MAX_AMOUNT = 200_000_000


def _strings(**max_lengths: int) -> dict[str, Rule]:
    return {name: StringRule(max_length) for name, max_length in max_lengths.items()}


_AMOUNT = IntegerRule(0, MAX_AMOUNT)
_SIGNED_AMOUNT = IntegerRule(maximum=MAX_AMOUNT)

_IDENTIFIERS = _strings(
    brand=70, category_path=750, color=64, global_trade_item_number=50, manufacturer_part_number=70, size=64
)
_SUBSCRIPTION = ObjectRule(
    {
        "name": StringRule(),
        "interval": StringRule(),
        "interval_count": IntegerRule(1, INT32_MAX),
    },
    ("interval", "interval_count", "name"),
)
ORDER_LINE = ObjectRule(
    {
        **_strings(reference=255, name=255, quantity_unit=10, merchant_data=1024, product_url=1024, image_url=1024),
        "type": StringRule(),
        "quantity": IntegerRule(0),
        "unit_price": _SIGNED_AMOUNT,
        "total_amount": _SIGNED_AMOUNT,
        "total_discount_amount": _AMOUNT,
        "tax_rate": IntegerRule(0, INT32_MAX),
        "total_tax_amount": _SIGNED_AMOUNT,
        "product_identifiers": ObjectRule(_IDENTIFIERS),
        "subscription": _SUBSCRIPTION,
    },
    ("name", "quantity", "total_amount", "unit_price"),
)
ADDRESS = ObjectRule(
    {
        **_strings(given_name=100, family_name=100, title=20, organization_name=255, attention=255),
        **_strings(street_address=100, street_address2=100, postal_code=10, city=200, region=200, country=2),
        **_strings(email=100, phone=100),
    }
)
SHIPPING_INFO = ObjectRule(
    {
        **_strings(shipping_company=100, tracking_number=100, tracking_uri=1024),
        **_strings(return_shipping_company=100, return_tracking_number=100, return_tracking_uri=1024),
        "shipping_method": StringRule(),
    }
)
_ORDER_LINES = ArrayRule(ORDER_LINE, 1000)
_ADD_SHIPPING_INFO = ObjectRule({"shipping_info": ArrayRule(SHIPPING_INFO, 500, min_items=1)}, ("shipping_info",))

LIMITS: Mapping[str, ObjectRule] = {
    "orders.update_authorization": ObjectRule(
        {"order_amount": _AMOUNT, "description": StringRule(), "order_lines": _ORDER_LINES}, ("order_amount",)
    ),
    "orders.update_customer_details": ObjectRule({"shipping_address": ADDRESS, "billing_address": ADDRESS}),
    "orders.update_merchant_references": ObjectRule(_strings(merchant_reference1=255, merchant_reference2=255)),
    "orders.add_shipping_info": _ADD_SHIPPING_INFO,
    "captures.create": ObjectRule(
        {
            "captured_amount": _AMOUNT,
            **_strings(description=255, reference=255),
            "order_lines": _ORDER_LINES,
            "shipping_info": ArrayRule(SHIPPING_INFO, 500),
            "shipping_delay": IntegerRule(0),
        },
        ("captured_amount",),
    ),
    "captures.add_shipping_info": _ADD_SHIPPING_INFO,
    "captures.extend_due_date": ObjectRule(
        {"number_of_days": IntegerRule(-INT32_MAX - 1, INT32_MAX)}, ("number_of_days",)
    ),
    "refunds.create": ObjectRule(
        {"refunded_amount": _AMOUNT, **_strings(description=255, reference=255), "order_lines": _ORDER_LINES},
        ("refunded_amount",),
    ),
}
"""By operation: every operation that takes a body."""

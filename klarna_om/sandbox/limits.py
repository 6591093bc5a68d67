"""What a request's body may hold: Klarna's published limits as data, and one function that checks them.

A field that is missing, null or of the wrong kind is a 400 `BAD_VALUE`, worded as recorded on the wire ("Bad
value: purchase_currency, purchase_country"). A value out of bounds is a 422 `UNPROCESSABLE_ENTITY`, worded as
on Klarna's error page ("size of shipping_info/shipping_company must be between 0 and 100"). Which of the two
statuses a wrong kind gets on this API is published nowhere; both are definite refusals. Unknown fields are
dropped.

An order line of type `package` is accepted: Kustom has it, on the same paths.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from attrs import field, frozen

MONEY = 200_000_000
INT32, INT64 = 2**31 - 1, 2**63 - 1


@frozen
class Text:
    """A string of at most so many characters, and of one pattern where there is one."""

    most: int = 255
    pattern: str = ""


@frozen
class Whole:
    """An integer within bounds; the field's format bounds it where Klarna states nothing."""

    least: int = -INT64 - 1
    most: int = INT64


@frozen
class Record:
    """An object: what its fields may hold, and which of them must be there."""

    fields: Mapping[str, "Rule"]
    required: tuple[str, ...] = ()


@frozen
class Many:
    """A list of at least and at most so many."""

    of: "Rule"
    most: int
    least: int = 0


Rule = Text | Whole | Record | Many


@frozen
class Findings:
    """What is wrong with a body: fields of the wrong kind, and sentences about limits."""

    bad_values: list[str] = field(factory=list[str])
    broken_limits: list[str] = field(factory=list[str])


def _texts(**limits: int) -> dict[str, Rule]:
    return {name: Text(most) for name, most in limits.items()}


_AMOUNT = Whole(0, MONEY)
_SIGNED = Whole(most=MONEY)

_LINE_TYPES = "physical|discount|shipping_fee|sales_tax|store_credit|gift_card|digital|surcharge|return_fee|package"
_SHIPPING_METHODS = (
    "PickUpStore|Home|BoxReg|BoxUnreg|PickUpPoint|Own|Postal|DHLPackstation|Digital|Undefined"
    "|PickUpWarehouse|ClickCollect|PalletDelivery"
)
_IDENTIFIERS = _texts(
    brand=70, category_path=750, color=64, global_trade_item_number=50, manufacturer_part_number=70, size=64
)
_SUBSCRIPTION = Record(
    {"name": Text(), "interval": Text(pattern="DAY|WEEK|MONTH|YEAR"), "interval_count": Whole(1, INT32)},
    ("name", "interval", "interval_count"),
)
LINE = Record(
    {
        **_texts(reference=255, name=255, quantity_unit=10, merchant_data=1024, product_url=1024, image_url=1024),
        "type": Text(pattern=_LINE_TYPES),
        "quantity": Whole(0),
        "unit_price": _SIGNED,
        "total_amount": _SIGNED,
        "total_discount_amount": _AMOUNT,
        "tax_rate": Whole(0, INT32),
        "total_tax_amount": _SIGNED,
        "product_identifiers": Record(_IDENTIFIERS),
        "subscription": _SUBSCRIPTION,
    },
    ("name", "quantity", "total_amount", "unit_price"),
)
ADDRESS = Record(
    {
        **_texts(given_name=100, family_name=100, title=20, organization_name=255, attention=255),
        **_texts(street_address=100, street_address2=100, postal_code=10, city=200, region=200, country=2),
        **_texts(email=100, phone=100),
    }
)
SHIPPING = Record(
    {
        **_texts(shipping_company=100, tracking_number=100, tracking_uri=1024),
        **_texts(return_shipping_company=100, return_tracking_number=100, return_tracking_uri=1024),
        "shipping_method": Text(pattern=_SHIPPING_METHODS),
    }
)
_LINES = Many(LINE, 1000)
_NEW_SHIPPING = Record({"shipping_info": Many(SHIPPING, 500, least=1)}, ("shipping_info",))

LIMITS: Mapping[str, Record] = {
    "orders.update_authorization": Record(
        {"order_amount": _AMOUNT, "description": Text(), "order_lines": _LINES}, ("order_amount",)
    ),
    "orders.update_customer_details": Record({"shipping_address": ADDRESS, "billing_address": ADDRESS}),
    "orders.update_merchant_references": Record(_texts(merchant_reference1=255, merchant_reference2=255)),
    "orders.add_shipping_info": _NEW_SHIPPING,
    "captures.create": Record(
        {
            "captured_amount": _AMOUNT,
            **_texts(description=255, reference=255),
            "order_lines": _LINES,
            "shipping_info": Many(SHIPPING, 500),
            "shipping_delay": Whole(0),
        },
        ("captured_amount",),
    ),
    "captures.add_shipping_info": _NEW_SHIPPING,
    "captures.extend_due_date": Record({"number_of_days": Whole(-INT32 - 1, INT32)}, ("number_of_days",)),
    "refunds.create": Record(
        {"refunded_amount": _AMOUNT, **_texts(description=255, reference=255), "order_lines": _LINES},
        ("refunded_amount",),
    ),
}
"""By operation: every operation that takes a body."""


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a decoded JSON value is a list."""
    return isinstance(value, list)


def checked(rule: Rule, value: Any, path: str, found: Findings) -> Any:
    """The value with its unknown fields dropped; what is wrong with it is added to `found`."""
    match rule:
        case Text():
            return _text(rule, value, path, found)
        case Whole():
            return _whole(rule, value, path, found)
        case Record():
            return _record(rule, value, path, found)
        case _:
            return _many(rule, value, path, found)


def _text(rule: Text, value: Any, path: str, found: Findings) -> Any:
    if not isinstance(value, str):
        found.bad_values.append(path)
    elif len(value) > rule.most:
        found.broken_limits.append(f"size of {path} must be between 0 and {rule.most}")
    elif rule.pattern and not re.fullmatch(rule.pattern, value):
        found.broken_limits.append(f'{path} must match "{rule.pattern}"')
    return value


def _whole(rule: Whole, value: Any, path: str, found: Findings) -> Any:
    if type(value) is not int or not -INT64 - 1 <= value <= INT64:  # a bool is an int, and no amount
        found.bad_values.append(path)
    elif not rule.least <= value <= rule.most:
        found.broken_limits.append(f"{path} must be between {rule.least} and {rule.most}")
    return value


def _record(rule: Record, value: Any, path: str, found: Findings) -> Any:
    if not is_object(value):
        found.bad_values.append(path or "body")
        return value
    inside = f"{path}/" if path else ""
    found.bad_values.extend(inside + name for name in rule.required if name not in value)
    return {
        name: checked(each, value[name], inside + name, found) for name, each in rule.fields.items() if name in value
    }


def _many(rule: Many, value: Any, path: str, found: Findings) -> Any:
    if not is_list(value):
        found.bad_values.append(path)
        return value
    if not rule.least <= len(value) <= rule.most:
        found.broken_limits.append(f"size of {path} must be between {rule.least} and {rule.most}")
        return value
    return [checked(rule.of, each, path, found) for each in value]

"""Orders that a test creates one by one: like the seeded ones, with the fields that matter to the test."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from klarna_om import structuring
from klarna_om.sandbox.account import Document
from klarna_om.sandbox.clock import format_timestamp
from klarna_om.sandbox.order_fields import PURCHASE_FIELDS
from klarna_om.sandbox.sample_data import MARKETS
from klarna_om.sandbox.seeded_orders import derive_uuid, digest, make_line, make_purchase
from klarna_om.types import Order


def make_order(seed: int, number: int, now: float, fields: Mapping[str, Any]) -> Document:
    """An order of this moment from Sweden on an invoice, which allows every operation; with these `fields`.

    `ValueError` where they make no order that Klarna could have.
    """
    random_bytes = bytearray(digest(b"order/%d" % seed, number))
    random_bytes[0] = random_bytes[4] = 0  # the first market, the first payment method
    random_bytes[8:12] = bytes(4)  # no seconds ago
    given = {name: _to_json(value) for name, value in fields.items()}
    _check_purchase(given)
    order = make_purchase(derive_uuid("order", seed, number), bytes(random_bytes), now) | given
    if "order_lines" in given and "order_amount" not in given:
        order["order_amount"] = sum(each.get("total_amount") or 0 for each in given["order_lines"])
    if "order_amount" in given and "order_lines" not in given:
        order["order_lines"] = [make_line(MARKETS[0].tax_rate, "SKU-1", "Goods", given["order_amount"], "pcs")]
    return order


def _check_purchase(given: Document) -> None:
    """Refuse fields of a wrong type, and null where the ledger needs a value."""
    order = structuring.from_dict(Order, given)  # its error is a ValueError that names every wrong field
    for name in PURCHASE_FIELDS & given.keys():
        if getattr(order, name) is None:
            raise ValueError(f"{name}={given[name]!r} cannot be read: leave it out, or give a value")
    if order.order_amount is not None and order.order_amount < 0:
        raise ValueError(f"order_amount={order.order_amount}: an amount in minor units is 0 or more")
    if order.initial_payment_method is not None and order.initial_payment_method.type is None:
        raise ValueError("initial_payment_method has no type")


def _to_json(value: Any) -> Any:
    """JSON values, from JSON values, date-times and the classes of `klarna_om.types`."""
    if isinstance(value, datetime):
        return format_timestamp(value.timestamp())
    return msgspec.json.decode(structuring.write(value))

"""Orders that a test creates one by one: like the seeded ones, with the fields that matter to the test."""

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import attrs
import msgspec

from klarna_om import structuring
from klarna_om.sandbox.account import Document
from klarna_om.sandbox.clock import format_timestamp
from klarna_om.sandbox.sample_data import MARKETS
from klarna_om.sandbox.seeded_orders import derive_uuid, digest, make_line, make_purchase
from klarna_om.types import Order

_COMPUTED_FIELDS = frozenset(
    [
        "status",
        "original_order_amount",
        "captured_amount",
        "refunded_amount",
        "remaining_authorized_amount",
        "captures",
        "refunds",
    ]
)
PURCHASE_FIELDS = frozenset(field.name for field in attrs.fields(Order)) - _COMPUTED_FIELDS
"""The fields that an order has from its purchase on."""


def make_order(seed: int, number: int, now: float, fields: Mapping[str, Any]) -> Document:
    """An order of this moment from Sweden on an invoice, which allows every operation; with these `fields`."""
    for name in fields:
        _check_name(name)
    random_bytes = bytearray(digest(b"order/%d" % seed, number))
    random_bytes[0] = random_bytes[4] = 0  # the first market, the first payment method
    random_bytes[8:12] = bytes(4)  # no seconds ago
    given = {name: _to_json(value) for name, value in fields.items()}
    order = make_purchase(derive_uuid("order", seed, number), bytes(random_bytes), now) | given
    if "order_lines" in given and "order_amount" not in given:
        order["order_amount"] = sum(each["total_amount"] for each in given["order_lines"])
    if "order_amount" in given and "order_lines" not in given:
        order["order_lines"] = [make_line(MARKETS[0].tax_rate, "SKU-1", "Goods", given["order_amount"], "pcs")]
    return order


def _check_name(name: str) -> None:
    """Refuse computed fields and likely misspellings; any other name may be a field that is new at Klarna."""
    if name in _COMPUTED_FIELDS:
        raise TypeError(f"{name} cannot be set: it is computed from the calls on the order")
    similar = [] if name in PURCHASE_FIELDS else get_close_matches(name, PURCHASE_FIELDS | _COMPUTED_FIELDS, cutoff=0.8)
    if similar:
        raise TypeError(f"an order has no field {name}; did you mean {' or '.join(similar)}?")


def _to_json(value: Any) -> Any:
    """JSON values, from JSON values, date-times and the classes of `klarna_om.types`."""
    if isinstance(value, datetime):
        return format_timestamp(value.timestamp())
    return msgspec.json.decode(structuring.write(value))

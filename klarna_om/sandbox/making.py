"""Orders that a test makes one by one: like those of the seed, with the fields that matter to the test."""

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import attrs
import msgspec

from klarna_om import structuring
from klarna_om.sandbox.clock import stamp
from klarna_om.sandbox.seeds import Document, digest, line, purchase, uuid_of
from klarna_om.sandbox.stock import MARKETS
from klarna_om.types import Order

_FOLLOWS = frozenset(
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
FIELDS = frozenset(field.name for field in attrs.fields(Order)) - _FOLLOWS
"""What an order has from its purchase on."""


def made(seed: int, number: int, now: float, wanted: Mapping[str, Any]) -> Document:
    """An order bought just now in Sweden on an invoice, which permits everything; but for the `wanted`."""
    for name in wanted:
        _check(name)
    chance = bytearray(digest(b"made/%d" % seed, number))
    chance[0] = chance[4] = 0  # the first market, the first way to pay
    chance[8:12] = bytes(4)  # no seconds ago
    given = {name: _plain(value) for name, value in wanted.items()}
    order = purchase(uuid_of("made", seed, number), bytes(chance), now) | given
    if "order_lines" in given and "order_amount" not in given:
        order["order_amount"] = sum(each["total_amount"] for each in given["order_lines"])
    if "order_amount" in given and "order_lines" not in given:
        order["order_lines"] = [line(MARKETS[0].tax_rate, "SKU-1", "Goods", given["order_amount"], "pcs")]
    return order


def _check(name: str) -> None:
    """Refuse what follows from calls and what looks misspelt; any other name is a field that is new at Klarna."""
    if name in _FOLLOWS:
        raise TypeError(f"{name} is not set: it follows from what is done with the order")
    near = [] if name in FIELDS else get_close_matches(name, FIELDS | _FOLLOWS, cutoff=0.8)
    if near:
        raise TypeError(f"an order has no field {name}; did you mean {' or '.join(near)}?")


def _plain(value: Any) -> Any:
    """JSON's own kinds, from them, from date-times and from the classes of `klarna_om.types`."""
    if isinstance(value, datetime):
        return stamp(value.timestamp())
    return msgspec.json.decode(structuring.write(value))

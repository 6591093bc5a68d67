"""The fast lane: msgspec decodes JSON straight into the attrs classes, past their constructors.

It must never read what the strict lane refuses, nor read anything differently. Where it cannot know, it
refuses.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, get_args

import msgspec

from klarna_om.types.order import Order
from klarna_om.types.shipping_option import SelectedShippingOption

T = TypeVar("T")


class _Option(msgspec.Struct, rename={"class_": "class"}):
    class_: str | None = None


class _OrderWithOption(msgspec.Struct):
    selected_shipping_option: _Option


@cache
def lane(cls: Any) -> Callable[[bytes], Any] | None:
    """The decoder of a type; None for a type that has to take the strict lane."""
    if cls is Order:
        return _order_lane()
    item = (*get_args(cls), cls)[0]
    return None if item in (Order, SelectedShippingOption) else _lane(cls)


def _lane(cls: type[T]) -> Callable[[bytes], T]:
    decode = msgspec.json.Decoder(cls).decode

    def decode_utf8(data: bytes) -> T:
        if not data.isascii():
            data.decode()  # msgspec looks at the texts that it keeps, but not at those that it skips
        return decode(data)

    return decode_utf8


def _order_lane() -> Callable[[bytes], Order]:
    """The decoder of orders. msgspec goes by Python's names, so Klarna's `class` takes a second look."""
    decode = _lane(Order)
    decode_option = msgspec.json.Decoder(_OrderWithOption).decode

    def decode_order(data: bytes) -> Order:
        order = decode(data)
        if (option := order.selected_shipping_option) is not None:
            held = vars(option)  # nobody else has seen it yet
            held.pop("class_", None)
            if (word := decode_option(data).selected_shipping_option.class_) is not None:
                held["class_"] = word
        return order

    return decode_order

"""The fast lane: msgspec decodes JSON straight into the attrs classes, past their constructors.

It must never read what the strict lane refuses, nor read anything differently. Where it cannot know, it
refuses.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, get_args

import msgspec
from attrs import evolve

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
    return None if item in (Order, SelectedShippingOption) else _utf8(msgspec.json.Decoder(cls).decode)


def _utf8(decode: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Refuse what is not UTF-8; msgspec looks at the texts that it keeps, but not at those that it skips."""

    def decode_utf8(data: bytes) -> T:
        if not data.isascii():
            data.decode()
        return decode(data)

    return decode_utf8


def _order_lane() -> Callable[[bytes], Order]:
    """The decoder of orders. msgspec goes by Python's names, so Klarna's `class` takes a second look."""
    decode = _utf8(msgspec.json.Decoder(Order).decode)
    decode_option = msgspec.json.Decoder(_OrderWithOption).decode

    def decode_order(data: bytes) -> Order:
        order = decode(data)
        if (option := order.selected_shipping_option) is None:
            return order
        word = decode_option(data).selected_shipping_option.class_
        return evolve(order, selected_shipping_option=evolve(option, class_=word))

    return decode_order

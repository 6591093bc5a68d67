"""Values that the specification lists. Klarna may have added some since, so an unknown one is only a warning."""

from collections.abc import Collection, Iterator

from klarna_om.checks.parts import lines_of, parts_of
from klarna_om.checks.rule import WithLines
from klarna_om.types import (
    CaptureObject,
    OrderLineType,
    ShippingInfo,
    ShippingMethod,
    SubscriptionInterval,
    UpdateShippingInfo,
)

INTERVALS = frozenset(SubscriptionInterval)
SHIPPING_METHODS = frozenset(ShippingMethod)
LINE_TYPES = frozenset(OrderLineType)
"""With Kustom's: its orders are also served by Klarna's own hosts, and whose a custom host is, nobody knows."""


def find_unknown_line_types(content: WithLines) -> Iterator[str]:
    """Find types of lines that the specification does not list."""
    for path, line in lines_of(content):
        yield from _unknown(f"{path}type", line.type, LINE_TYPES)


def find_unknown_intervals(content: WithLines) -> Iterator[str]:
    """Find intervals of subscriptions that the specification does not list."""
    for path, line in lines_of(content):
        interval = getattr(line.subscription, "interval", None)
        yield from _unknown(f"{path}subscription.interval", interval, INTERVALS)


def find_unknown_shipping_methods(content: CaptureObject | UpdateShippingInfo) -> Iterator[str]:
    """Find shipping methods that the specification does not list."""
    for path, parcel in parts_of(content, "shipping_info", ShippingInfo):
        yield from _unknown(f"{path}shipping_method", parcel.shipping_method, SHIPPING_METHODS)


def _unknown(path: str, value: object, known: Collection[str]) -> Iterator[str]:
    if isinstance(value, str) and value not in known:
        yield f"{path}: not one of the known values {', '.join(sorted(known))}"

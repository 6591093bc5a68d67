"""What an order of the sandbox can be given, by name: fields of the order, and options beside them."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypedDict

import attrs
import msgspec

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
_FIELDS = frozenset(field.name for field in attrs.fields(Order))
PURCHASE_FIELDS = _FIELDS - _COMPUTED_FIELDS
"""The fields that an order has from its purchase on."""
_LEAST_SIMILAR = 0.5
"""How similar a right name must be to be named; `amount` and `order_amount` are at 0.67."""


class OrderOptions(TypedDict, total=False):
    """What `Sandbox.order` takes beside fields of the order, checked where it comes as JSON."""

    captured_amount: int
    status: str | None
    appears_after: float
    appears_after_requests: int
    push_url: str | None
    notification_url: str | None
    extra_fields: dict[str, Any]


OPTIONS = frozenset(OrderOptions.__annotations__)


def check_names(names: Iterable[str], extra_names: Iterable[str] = ()) -> None:
    """Refuse a field that cannot be given, with the nearest name that can; `extra_names` must be no known fields."""
    for name in names:
        if name in _COMPUTED_FIELDS:
            raise TypeError(f"{name} cannot be set: it is computed from the calls on the order")
        if name not in PURCHASE_FIELDS:
            raise TypeError(f"an order has no field {name}; {_nearest(name)}")
    for name in extra_names:
        if name in _FIELDS:
            raise TypeError(f"extra_fields: {name} is a known field of the order; pass it as {name}= if it can be set")


def _nearest(name: str) -> str:
    names = sorted(PURCHASE_FIELDS | OPTIONS)
    similar = get_close_matches(name, names, n=1, cutoff=_LEAST_SIMILAR)
    if similar:
        return f"did you mean {similar[0]}? (a field that is new at Klarna goes into extra_fields)"
    return f"there are {', '.join(names)}; a field that is new at Klarna goes into extra_fields"


def parse_options(document: Mapping[str, Any]) -> OrderOptions:
    """The options in a JSON object, checked; `ValueError` says which is wrong."""
    given = {name: value for name, value in document.items() if name in OPTIONS}
    try:
        return msgspec.convert(given, OrderOptions)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None

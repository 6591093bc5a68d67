"""Does an order show the fields that an update gave, and the parcels that were added to it?"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from klarna_om import structuring
from klarna_om.types import Order, ShippingInfo
from klarna_om.workflows.entries import is_same_id
from klarna_om.workflows.given_fields import Comparison, compare
from klarna_om.workflows.sighting import KnownWrite, Sighting, name_some

_REFERENCES = ("merchant_reference1", "merchant_reference2")


def see_references(order: Order, write: KnownWrite) -> Sighting:
    """The shop's references. Klarna leaves out one that was never set, so one that is missing is not set."""
    seen = {name: getattr(order, name) or "" for name in _REFERENCES}
    given = {name: write.body[name] for name in _REFERENCES if name in write.body}
    return Sighting(
        compare(given, seen).is_shown,
        name_some((f"{name} {value!r}" for name, value in given.items()), "no reference"),
        name_some((f"{name} {seen[name]!r}" for name in given), "nothing to compare"),
    )


def see_amount(order: Order, write: KnownWrite) -> Sighting:
    """The order's new total. Its lines are not compared."""
    amount, wanted = order.order_amount, write.body.get("order_amount")
    is_shown = None if amount is None else amount == wanted
    return Sighting(is_shown, f"order_amount {wanted}", f"order_amount {amount}")


def see_address(order: Order, write: KnownWrite) -> Sighting:
    """The given fields of the addresses. The texts have their names only: the values are personal."""
    addresses = {"shipping_address": order.shipping_address, "billing_address": order.billing_address}
    given: dict[str, object] = {}
    seen: dict[str, object] = {}
    for name, address in addresses.items():
        fields = cast("Mapping[str, object]", write.body.get(name, {}))
        given |= {f"{name}.{key}": value for key, value in fields.items()}
        shown = {} if address is None else structuring.to_dict(address)
        seen |= {f"{name}.{key}": value for key, value in shown.items()}
    found = compare(given, seen)
    return Sighting(found.is_shown, name_some(given, "no field"), _text_of(found))


def _text_of(found: Comparison) -> str:
    texts = [f"another {name}" for name in found.other] + [f"no {name}" for name in found.missing]
    return name_some(texts, "the same values" if found.count else "nothing to compare")


def see_parcels(order: Order, write: KnownWrite) -> Sighting:
    """The shipping information that was added to the order."""
    return _parcels(order.shipping_info, write)


def see_capture_parcels(order: Order, write: KnownWrite) -> Sighting:
    """The shipping information that was added to a capture."""
    capture = next((each for each in order.captures if is_same_id(each.capture_id, write.capture_id)), None)
    if capture is not None:
        return _parcels(capture.shipping_info, write)
    is_complete = bool(order.captures) and all(each.capture_id for each in order.captures)
    return Sighting(
        False if is_complete else None, _parcel_texts(_given(write)), f"the order shows no capture {write.capture_id}"
    )


def _parcels(shown: tuple[ShippingInfo, ...], write: KnownWrite) -> Sighting:
    seen = [structuring.to_dict(parcel) for parcel in shown]
    given = _given(write)
    findings = [_find_parcel(parcel, seen) for parcel in given]
    is_shown = False if False in findings else None if None in findings or not given else True
    return Sighting(is_shown, _parcel_texts(given), _parcel_texts(seen))


def _given(write: KnownWrite) -> list[Mapping[str, Any]]:
    return cast("list[Mapping[str, Any]]", write.body.get("shipping_info", []))


def _find_parcel(given: Mapping[str, Any], seen: Iterable[Mapping[str, Any]]) -> bool | None:
    """Is one of them as it was given? None where one may be, and a field of it is missing."""
    findings = [compare(given, parcel).is_shown for parcel in seen]
    return True if True in findings else None if None in findings else False


def _parcel_texts(parcels: Iterable[Mapping[str, Any]]) -> str:
    numbers = (parcel.get("tracking_number") for parcel in parcels)
    return name_some(
        (f"shipping_info {number!r}" if number else "shipping_info without a number" for number in numbers),
        "no shipping_info",
    )

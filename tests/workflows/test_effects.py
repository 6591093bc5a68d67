"""What an order shows of a write, also where Klarna leaves fields out; what it does not show is never claimed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from klarna_om import Address, Capture, Order, Refund, ShippingInfo
from klarna_om.workflows.effects import EFFECTS
from klarna_om.workflows.sighting import KnownWrite, Sighting

CAPTURE, REFUND = "captures.create", "refunds.create"


def see(operation: str, order: Order, body: dict[str, object] | None = None, **known: Any) -> Sighting:
    effect = EFFECTS[operation]
    assert effect.see is not None
    return effect.see(order, KnownWrite(operation=operation, body=body or {}, **known))


def see_capture(*captures: Capture, total: int | None = 700, result_id: str | None = "c-1") -> Sighting:
    order = Order(captures=captures, captured_amount=total)
    return see(CAPTURE, order, {"captured_amount": 700}, reference="s-1", result_id=result_id)


def capture(id: str | None = "c-1", amount: int | None = 700, reference: str | None = "s-1") -> Capture:  # noqa: A002
    return Capture(capture_id=id, captured_amount=amount, reference=reference)


@pytest.mark.parametrize(
    ("seen", "is_shown"),
    [
        (capture(), True),
        (capture(reference=None), True),
        (capture(id=None), True),
        (capture(reference=" s-1 "), True),
        (capture(amount=None), None),
        (capture(id=None, reference=None), None),
        (capture(amount=800), False),
        (capture(reference="s-2"), False),
        (capture(id="c-2"), False),
    ],
)
def test_a_capture_is_found_by_its_id_its_reference_and_its_amount(seen: Capture, is_shown: bool | None) -> None:
    assert see_capture(capture("c-9", 100, "s-9"), seen).is_shown is is_shown


@pytest.mark.parametrize(
    ("seen", "is_shown"), [(capture(), True), (capture(reference=None), None), (capture(reference="s-2"), False)]
)
def test_without_an_answers_id_a_capture_is_found_by_its_reference(seen: Capture, is_shown: bool | None) -> None:
    assert see_capture(seen, result_id=None).is_shown is is_shown


@pytest.mark.parametrize(("total", "is_shown"), [(0, False), (700, None), (None, None)])
def test_an_order_that_leaves_its_captures_out_shows_nothing(total: int | None, is_shown: bool | None) -> None:
    assert see_capture(total=total).is_shown is is_shown


def test_two_captures_of_one_reference_and_amount_are_one_too_many() -> None:
    assert see_capture(capture(), capture("c-2")).is_repeated
    assert not see_capture(capture(), capture("c-2", 100)).is_repeated


def test_many_captures_are_counted() -> None:
    sighting = see_capture(*(capture(f"c-{n}", n, None) for n in range(7)))

    assert sighting.wanted == "capture c-1 of 700 with the reference 's-1'"
    assert sighting.seen.startswith("capture c-0 of 0 with the reference None, capture c-1 of 1 ")
    assert sighting.seen.endswith(", and 2 more")


def test_a_refund_from_before_2019_has_no_id() -> None:
    order = Order(refunds=(Refund(refunded_amount=300, reference="r-1"),), refunded_amount=300)

    sighting = see(REFUND, order, {"refunded_amount": 300}, reference="r-1", result_id="")

    assert (sighting.is_shown, sighting.seen) == (True, "refund of 300 with the reference 'r-1'")


@pytest.mark.parametrize(
    ("status", "is_shown"),
    [("CANCELLED", True), ("AUTHORIZED", False), ("EXPIRED", False), ("CLOSED", None), ("NEW", None), (None, None)],
)
def test_why_an_order_is_closed_is_not_shown(status: str | None, is_shown: bool | None) -> None:
    assert see("orders.cancel", Order(status=status)).is_shown is is_shown


@pytest.mark.parametrize(("remaining", "is_shown"), [(0, True), (1, False), (None, None)])
def test_an_order_is_released_when_nothing_remains(remaining: int | None, is_shown: bool | None) -> None:
    order = Order(remaining_authorized_amount=remaining)

    assert see("orders.release_remaining_authorization", order).is_shown is is_shown


@pytest.mark.parametrize(("amount", "is_shown"), [(900, True), (1000, False), (None, None)])
def test_an_authorization_is_seen_by_its_total(amount: int | None, is_shown: bool | None) -> None:
    order = Order(order_amount=amount)

    assert see("orders.update_authorization", order, {"order_amount": 900}).is_shown is is_shown


@pytest.mark.parametrize(
    ("order", "is_shown"),
    [
        (Order(captures=(capture(),)), True),
        (Order(captured_amount=700), True),
        (Order(captured_amount=0, status="AUTHORIZED"), None),
    ],
)
def test_only_a_capture_shows_that_an_order_is_acknowledged(order: Order, is_shown: bool | None) -> None:
    assert see("orders.acknowledge", order).is_shown is is_shown


CALL = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expires_at", "first_called", "is_shown"),
    [
        (datetime(2026, 11, 22, tzinfo=UTC), CALL, False),
        (datetime(2026, 12, 21, tzinfo=UTC), CALL, None),
        (None, CALL, None),
        (datetime(2026, 11, 22, tzinfo=UTC), None, None),
    ],
)
def test_an_authorization_that_ended_before_the_call_was_not_extended(
    expires_at: datetime | None, first_called: datetime | None, is_shown: bool | None
) -> None:
    order = Order(expires_at=expires_at)

    assert see("orders.extend_authorization_time", order, first_called=first_called).is_shown is is_shown


@pytest.mark.parametrize(
    ("body", "is_shown"),
    [
        ({"merchant_reference1": "A-1"}, True),
        ({"merchant_reference1": " A-1"}, True),
        ({"merchant_reference1": "A-1", "merchant_reference2": ""}, True),
        ({"merchant_reference1": "A-1", "merchant_reference2": "B-1"}, False),
        ({"merchant_reference1": "A-2"}, False),
        ({}, None),
    ],
)
def test_a_reference_that_is_left_out_is_not_set(body: dict[str, object], is_shown: bool | None) -> None:
    order = Order(merchant_reference1="A-1")

    assert see("orders.update_merchant_references", order, body).is_shown is is_shown


@pytest.mark.parametrize(
    ("address", "is_shown", "seen"),
    [
        (Address(city="Umea\u030a", phone="", email="a@b.se"), True, "the same values"),
        (Address(city="Umeå"), True, "the same values"),
        (Address(city="Lund"), False, "another shipping_address.city"),
        (Address(phone="1"), False, "another shipping_address.phone, no shipping_address.city"),
        (None, None, "no shipping_address.city"),
    ],
)
def test_an_address_is_seen_by_its_given_fields_and_its_values_are_not_named(
    address: Address | None, is_shown: bool | None, seen: str
) -> None:
    body: dict[str, object] = {"shipping_address": {"city": "Umeå", "phone": ""}}

    sighting = see("orders.update_customer_details", Order(shipping_address=address), body)

    assert (sighting.is_shown, sighting.seen) == (is_shown, seen)
    assert sighting.wanted == "shipping_address.city, shipping_address.phone"


def test_an_update_without_an_address_shows_nothing() -> None:
    sighting = see("orders.update_customer_details", Order(shipping_address=Address(city="Lund")))

    assert (sighting.is_shown, sighting.wanted, sighting.seen) == (None, "no field", "nothing to compare")


DHL_7 = ShippingInfo(shipping_company="DHL", tracking_number="7")


@pytest.mark.parametrize(
    ("shown", "is_shown"),
    [
        ((DHL_7,), True),
        ((ShippingInfo(tracking_number="6"), DHL_7), True),
        ((ShippingInfo(tracking_number="7"),), None),
        ((ShippingInfo(shipping_company="DHL", tracking_number="8"),), False),
        ((), False),
    ],
)
def test_a_parcel_is_seen_by_its_given_fields(shown: tuple[ShippingInfo, ...], is_shown: bool | None) -> None:
    body: dict[str, object] = {"shipping_info": [{"shipping_company": "DHL", "tracking_number": "7"}]}

    assert see("orders.add_shipping_info", Order(shipping_info=shown), body).is_shown is is_shown
    on_capture = Order(captures=(Capture(capture_id="C-1"), Capture(capture_id="c-1", shipping_info=shown)))
    assert see("captures.add_shipping_info", on_capture, body, capture_id="c-1").is_shown is is_shown


def test_all_parcels_must_be_seen() -> None:
    parcels = [{"shipping_company": "DHL", "tracking_number": "7"}, {"shipping_company": "DHL"}]
    order = Order(shipping_info=(DHL_7,))

    both = see("orders.add_shipping_info", order, {"shipping_info": parcels})
    other = see("orders.add_shipping_info", order, {"shipping_info": [*parcels, {"tracking_number": "9"}]})

    assert (both.is_shown, both.wanted) == (True, "shipping_info '7', shipping_info without a number")
    assert (other.is_shown, other.seen) == (False, "shipping_info '7'")


@pytest.mark.parametrize(
    ("captures", "is_shown"),
    [((Capture(capture_id="c-2"),), False), ((Capture(capture_id="c-2"), Capture()), None), ((), None)],
)
def test_a_capture_that_is_not_shown_has_no_parcel(captures: tuple[Capture, ...], is_shown: bool | None) -> None:
    body: dict[str, object] = {"shipping_info": [{"tracking_number": "7"}]}

    sighting = see("captures.add_shipping_info", Order(captures=captures), body, capture_id="c-1")

    assert (sighting.is_shown, sighting.seen) == (is_shown, "the order shows no capture c-1")

"""Does an order show a write? The one answer for each of the 13, from a read of the order and nothing else.

No field of Klarna's order shows that mail was sent, that a due date was moved, or when the authorization ended before
it was extended. That an order is acknowledged is seen only where something is captured.
"""

from collections.abc import Callable, Iterable, Mapping

from attrs import frozen

from klarna_om.types import Order, OrderStatus
from klarna_om.workflows.entries import Entry, capture_entry, find_entry, refund_entry
from klarna_om.workflows.reference import is_same_reference
from klarna_om.workflows.shown_fields import see_address, see_amount, see_capture_parcels, see_parcels, see_references
from klarna_om.workflows.sighting import KnownWrite, Sighting, name_some


@frozen
class Effect:
    """How an operation's effect is seen in an order."""

    see: Callable[[Order, KnownWrite], Sighting] | None
    """None where no order shows it."""
    is_own: bool = False
    """Only a write of this operation makes an order look so: else another one may have had the same effect."""


def is_acknowledged(order: Order) -> bool | None:
    """Is it certain that the order is acknowledged? A capture acknowledges too; else no field shows it."""
    return True if order.captures or order.captured_amount else None


def is_cancelled(order: Order) -> bool | None:
    """Is the order cancelled? When Klarna closes an order is published nowhere."""
    if order.status == OrderStatus.CANCELLED:
        return True
    return False if order.status in _NOT_CANCELLED else None


def is_released(order: Order) -> bool | None:
    """Is nothing left to capture?"""
    remaining = order.remaining_authorized_amount
    return None if remaining is None else remaining == 0


_NOT_CANCELLED = (OrderStatus.AUTHORIZED, OrderStatus.PART_CAPTURED, OrderStatus.CAPTURED, OrderStatus.EXPIRED)


def _see_acknowledgement(order: Order, _: KnownWrite) -> Sighting:
    seen = f"captured_amount {order.captured_amount}, and a capture acknowledges too"
    return Sighting(
        is_acknowledged(order),
        "acknowledgement",
        seen if is_acknowledged(order) else "no field shows it while nothing is captured",
    )


def _see_cancellation(order: Order, _: KnownWrite) -> Sighting:
    return Sighting(is_cancelled(order), "status CANCELLED", f"status {order.status}")


def _see_release(order: Order, _: KnownWrite) -> Sighting:
    seen = f"remaining_authorized_amount {order.remaining_authorized_amount}, status {order.status}"
    return Sighting(is_released(order), "remaining_authorized_amount 0", seen)


def _see_extension(order: Order, write: KnownWrite) -> Sighting:
    """It ends after the day of the call, or it was not extended; when it ended before, no order shows."""
    is_over = order.expires_at is not None and write.first_called is not None and order.expires_at < write.first_called
    return Sighting(False if is_over else None, "expires_at after the call", f"expires_at {order.expires_at}")


def _see_capture(order: Order, write: KnownWrite) -> Sighting:
    entries = [*map(capture_entry, order.captures)]
    return _see_entry("capture", entries, write, write.body.get("captured_amount"), order.captured_amount)


def _see_refund(order: Order, write: KnownWrite) -> Sighting:
    entries = [*map(refund_entry, order.refunds)]
    return _see_entry("refund", entries, write, write.body.get("refunded_amount"), order.refunded_amount)


def _see_entry(noun: str, entries: list[Entry], write: KnownWrite, amount: object, total: int | None) -> Sighting:
    wanted = Entry(write.result_id, amount if isinstance(amount, int) else None, write.reference)
    is_shown = find_entry(entries, wanted)
    if not entries and total != 0:
        is_shown = None  # the order has some, or may have, and does not show them
    equal = [
        entry
        for entry in entries
        if entry.amount == wanted.amount and is_same_reference(entry.reference, write.reference)
    ]
    return Sighting(is_shown, _text(noun, [wanted]), _text(noun, entries), is_repeated=len(equal) > 1)


def _text(noun: str, entries: Iterable[Entry]) -> str:
    return name_some(
        (
            f"{noun} {entry.id + ' ' if entry.id else ''}of {entry.amount} with the reference {entry.reference!r}"
            for entry in entries
        ),
        f"no {noun}",
    )


EFFECTS: Mapping[str, Effect] = {
    "captures.create": Effect(_see_capture, is_own=True),
    "refunds.create": Effect(_see_refund, is_own=True),
    "orders.cancel": Effect(_see_cancellation, is_own=True),
    "orders.release_remaining_authorization": Effect(_see_release),
    "orders.acknowledge": Effect(_see_acknowledgement),
    "orders.update_authorization": Effect(see_amount),
    "orders.update_customer_details": Effect(see_address),
    "orders.update_merchant_references": Effect(see_references),
    "orders.extend_authorization_time": Effect(_see_extension),
    "orders.add_shipping_info": Effect(see_parcels),
    "captures.add_shipping_info": Effect(see_capture_parcels),
    "captures.trigger_send_out": Effect(None),
    "captures.extend_due_date": Effect(None),
}
"""Every write of the catalogue."""

"""Capture all that is left of an order, once."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from klarna_om.client import KlarnaClient
from klarna_om.errors import InvalidRequest, ReferenceTaken
from klarna_om.lifecycle import allows
from klarna_om.money import remaining_lines, remaining_to_capture
from klarna_om.types import Capture, CaptureObject, Order, OrderStatus, ShippingInfo
from klarna_om.workflows.capture_once import capture_once
from klarna_om.workflows.reads import read_back, read_first
from klarna_om.workflows.reference import is_same_reference, normalize_reference, order_id_string


async def capture_remaining(
    klarna: KlarnaClient,
    order_id: str | UUID,
    *,
    reference: str,
    description: str | None = None,
    shipping_info: Iterable[ShippingInfo] | None = None,
    first_tried: datetime | None = None,
) -> str | None:
    """Capture what is left, at most once per `reference`; returns the capture's id, None where nothing is left.

    The order is read first. A capture under this reference is the one that was asked for, whatever its amount: after a
    crash, or when the order was captured further since, the same call returns its id and makes nothing. So give this
    intent a reference of its own. Else the remaining amount is captured by `capture_once`, with the lines that are left
    where the order shows them (`klarna_om.money.remaining_lines`), without lines where it cannot, as after a capture
    in the portal.

    None means that the rest was captured or released by somebody else, or expired after a capture. Raises
    `InvalidRequest` where the order does not allow a capture, such as one that is cancelled or under review, and what
    `capture_once` raises. When the remaining amount changes while a first try is in doubt, the same process refuses the
    other amount under its key (`IdempotencyKeyReused`); nothing is made twice.
    """
    order_id, reference = order_id_string(order_id), normalize_reference(reference)
    order = await read_first(klarna.orders.get(order_id))
    if (found := _find(order.captures, reference)) is not None:
        return found
    if (amount := remaining_to_capture(order)) == 0 and _has_ended_well(order):
        return None
    _check(order, amount)
    capture = CaptureObject(
        captured_amount=amount,
        reference=reference,
        description=description,
        order_lines=remaining_lines(order) or None,
        shipping_info=None if shipping_info is None else tuple(shipping_info),
    )
    try:
        return await capture_once(klarna, order_id, capture, first_tried=first_tried)
    except ReferenceTaken as taken:
        # An earlier try, of another amount, has been executed in between.
        if (found := _find(await read_back(taken, klarna.captures.list(order_id)), reference)) is None:
            raise
        return found


def _find(captures: Iterable[Capture], reference: str) -> str | None:
    same = (capture for capture in captures if is_same_reference(capture.reference, reference))
    return next((capture.capture_id or "" for capture in same), None)


def _has_ended_well(order: Order) -> bool:
    """Is nothing left because it was captured or released? An order without a capture has not been paid."""
    return order.status != OrderStatus.CANCELLED and bool(order.captured_amount)


def _check(order: Order, amount: int) -> None:
    decision = allows(order, "captures.create", amount=amount or None)
    if decision.is_allowed is False:
        error = InvalidRequest(decision.reasons)
        error.operation, error.order_id = "captures.create", order.order_id
        raise error

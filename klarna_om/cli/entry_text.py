"""Captures, refunds and shipments for a person: a line each, and what belongs to it below it."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from klarna_om.cli.amount_text import amount_text
from klarna_om.cli.printable import printable
from klarna_om.types import Capture, OrderLine, Refund, ShippingInfo


def moment_text(moment: datetime | None) -> str:
    """A time to the minute; nothing where there is none."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def capture_lines(capture: Capture, currency: str | None) -> Iterator[str]:
    """A capture, its order lines, what is refunded of it, and its shipments."""
    taken = amount_text(capture.captured_amount, currency)
    yield f"captured {taken}{_on(capture.captured_at)}{_of(capture.reference)}{_id(capture.capture_id)}"
    yield from _details(capture.description, capture.order_lines, currency)
    if capture.refunded_amount:
        yield f"    refunded of it: {amount_text(capture.refunded_amount, currency)}"
    yield from (f"    {line}" for line in parcel_lines(capture.shipping_info))


def refund_lines(refund: Refund, currency: str | None) -> Iterator[str]:
    """A refund and its order lines."""
    given = amount_text(refund.refunded_amount, currency)
    yield f"refunded {given}{_on(refund.refunded_at)}{_of(refund.reference)}{_id(refund.refund_id)}"
    yield from _details(refund.description, refund.order_lines, currency)


def parcel_lines(parcels: Iterable[ShippingInfo]) -> Iterator[str]:
    """Each shipment with its tracking, and the way back where it has one."""
    for parcel in parcels:
        yield _way(
            "shipped",
            parcel.shipping_company,
            parcel.shipping_method,
            parcel.tracking_number,
            parcel.tracking_uri,
        )
        back = (parcel.return_shipping_company, None, parcel.return_tracking_number, parcel.return_tracking_uri)
        if any(back):
            yield _way("returns", *back)


def _way(verb: str, company: str | None, method: str | None, number: str | None, uri: str | None) -> str:
    parts = {"with": company, "method": method, "tracking number": number, "at": uri}
    return " ".join([verb, *(f"{name} {printable(value)}" for name, value in parts.items() if value)])


def _details(description: str | None, lines: Iterable[OrderLine], currency: str | None) -> Iterator[str]:
    if description:
        yield f"    description: {printable(description)}"
    totals: list[int | None] = []
    for line in lines:
        totals.append(line.total_amount)
        count = "" if line.quantity is None else f"{line.quantity} x "
        name = printable(" ".join(filter(None, (line.reference, line.name))))
        yield f"    {count}{name}: {amount_text(line.total_amount, currency)}"
    known = [total for total in totals if total is not None]
    if known and len(known) == len(totals):
        yield f"    lines in all: {amount_text(sum(known), currency)}"


def _on(moment: datetime | None) -> str:
    return f" on {moment_text(moment)}" if moment is not None else ""


def _of(reference: str | None) -> str:
    return f", reference {printable(reference)}" if reference else ""


def _id(entry_id: str | None) -> str:
    """Refunds from before 2019 have none."""
    return f": {printable(entry_id)}" if entry_id else ""

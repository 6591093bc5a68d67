"""A capture or refund as Klarna shows it, and whether it is the one that a write asked for."""

from collections.abc import Iterable

from attrs import frozen

from klarna_om.ids import normalize_id
from klarna_om.types import Capture, Refund
from klarna_om.workflows.reference import is_same_reference


@frozen
class Entry:
    """A capture or a refund, as Klarna shows it; any of its fields may be missing."""

    id: str | None
    amount: int | None
    reference: str | None


def capture_entry(capture: Capture) -> Entry:
    """A capture as an entry."""
    return Entry(id=capture.capture_id, amount=capture.captured_amount, reference=capture.reference)


def refund_entry(refund: Refund) -> Entry:
    """A refund as an entry."""
    return Entry(id=refund.refund_id, amount=refund.refunded_amount, reference=refund.reference)


def is_same_id(at_klarna: str | None, known: str | None) -> bool:
    """Is this the same id of a capture or refund?"""
    return at_klarna is not None and normalize_id(at_klarna) == normalize_id(known)


def find_entry(entries: Iterable[Entry], wanted: Entry) -> bool | None:
    """Is the wanted entry among them? None where a field that Klarna leaves out keeps it open.

    `wanted` has the amount and the reference of the request, and the id where Klarna's answer is known.
    """
    matches = [_is_wanted(entry, wanted) for entry in entries]
    return True if True in matches else None if None in matches else False


def _is_wanted(entry: Entry, wanted: Entry) -> bool | None:
    has_same_id = bool(wanted.id) and is_same_id(entry.id, wanted.id)
    has_same_reference = is_same_reference(entry.reference, wanted.reference or "")
    if wanted.id and entry.id and not has_same_id:
        return False
    if entry.reference is not None and not has_same_reference:
        return False
    if entry.amount not in (None, wanted.amount):
        return False
    return True if entry.amount is not None and (has_same_id or has_same_reference) else None

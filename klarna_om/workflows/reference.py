"""The shop's reference, by which a capture or refund is found again at Klarna."""

import unicodedata
from uuid import UUID


def normalize_reference(reference: object) -> str:
    """Normalize a reference (NFC), for comparison and for the key; it must not be empty."""
    if not reference:
        raise ValueError("reference must be set to your own id of this capture or refund, such as the shipment's id")
    if not isinstance(reference, str):
        raise TypeError("reference must be a string: 1 and '1' would be two keys for one reference")
    if reference != reference.strip():
        raise ValueError(f"reference {reference!r} has white space around it; Klarna may strip it, so remove it")
    return unicodedata.normalize("NFC", reference)


# As far as is known Klarna returns what was sent. If it strips or recomposes a string, the reference is still the same;
# case matters, as two ids of a shop may differ in nothing else.
def is_same_reference(at_klarna: str | None, reference: str) -> bool:
    """Is this the same reference, ignoring surrounding white space and how its letters are composed?"""
    return at_klarna is not None and unicodedata.normalize("NFC", at_klarna).strip() == reference


def order_id_string(order_id: str | UUID) -> str:
    """The order's id as it goes into the path and the key."""
    return str(order_id) if isinstance(order_id, UUID) else order_id

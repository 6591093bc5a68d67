"""The shop's reference: the name by which a capture or refund is found again at Klarna."""

import unicodedata
from uuid import UUID


def reference_of(reference: object) -> str:
    """The reference in the one form that is compared and goes into the key (NFC); there must be one."""
    if not reference:
        raise ValueError("reference must be set to your own name of this intent, such as the shipment's id")
    if not isinstance(reference, str):
        raise TypeError("reference must be a text: 1 and '1' would be two keys of one intent")
    if reference != reference.strip():
        raise ValueError(f"reference {reference!r} has white space around it; Klarna may cut it off, so remove it")
    return unicodedata.normalize("NFC", reference)


# Klarna returns what was sent, as far as is known. Should it trim or recompose a text, the reference is still the
# same; case counts, as two ids of a shop may differ in nothing else.
def is_same_reference(at_klarna: str | None, reference: str) -> bool:
    """Is this the same reference, but for white space around it and the way in which its letters are composed?"""
    return at_klarna is not None and unicodedata.normalize("NFC", at_klarna).strip() == reference


def order_id_text(order_id: str | UUID) -> str:
    """The order's id as it goes into the path and the key."""
    return str(order_id) if isinstance(order_id, UUID) else order_id

"""What is known of a write, and what an order shows of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import field, frozen

MAX_NAMED = 5
"""Captures, refunds or parcels that a text names; the rest is counted."""


@frozen(kw_only=True)
class KnownWrite:
    """A write as a journal knows it."""

    operation: str
    body: Mapping[str, object] = field(factory=dict[str, object], repr=False)
    """The request that was sent, under Klarna's names; it may hold personal data."""
    reference: str = ""
    capture_id: str | None = None
    """The capture that the write is about."""
    result_id: str | None = None
    """The id of the capture or refund that it created, where Klarna's answer is known."""
    first_called: datetime | None = None


@frozen
class Sighting:
    """What an order shows of a write; the texts are for people, and have no personal data."""

    is_shown: bool | None
    """None where the order does not show whether it happened."""
    wanted: str
    """What is looked for."""
    seen: str
    is_repeated: bool = False
    """Is it shown more than once?"""


def name_some(texts: Iterable[str], nothing: str) -> str:
    """The first of them in words."""
    known = list(texts)
    more = [f"and {len(known) - MAX_NAMED} more"] if len(known) > MAX_NAMED else []
    return ", ".join([*known[:MAX_NAMED], *more]) or nothing

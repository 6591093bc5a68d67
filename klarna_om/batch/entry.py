"""One parsed line of a manifest: an order id, or the reason why there is none."""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from klarna_om.ids import is_uuid

# Word processors replace a hyphen by one of these.
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

MAX_TEXT = 100
"""Characters of a malformed line that are kept for the report."""

NO_COLUMNS: Mapping[str, object] = MappingProxyType({})


class Problem(StrEnum):
    """Why a line is nothing to send."""

    BLANK = "blank"
    MALFORMED = "malformed"
    CONFLICT = "conflict"
    """Another line, or an earlier manifest, has another request under the same reference."""


@frozen
class Entry:
    """A parsed line."""

    line: int
    order_id: str | None
    """In lower case, as Klarna writes it, and without the white space and invisible characters of the manifest."""
    problem: Problem | None = None
    text: str = ""
    detail: str = ""
    reference: str = ""
    """The shop's own name for the write; empty where an order has it once."""
    capture_id: str | None = None
    body: str | None = field(default=None, repr=False)
    """JSON as it is sent."""
    columns: Mapping[str, object] = field(default=NO_COLUMNS, repr=False)
    """The shop's own columns."""

    @property
    def is_plain(self) -> bool:
        """Is there nothing but an order id?"""
        return not (self.problem or self.reference or self.capture_id or self.body or self.columns)


def clean(text: str) -> str:
    """Strip white space, and remove invisible characters: zero widths, soft hyphens, byte order marks."""
    if not text.isascii():
        text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return text.strip()


def parse_order_id(text: str) -> str | None:
    """The order id that a cell holds, in lower case; None where it holds none."""
    order_id = clean(text).translate(_HYPHENS).lower()
    return order_id if is_uuid(order_id) else None


def parse_line(line: int, text: str) -> Entry:
    """Parse a line whose order id is `text`."""
    if not clean(text):
        return Entry(line, None, Problem.BLANK)
    order_id = parse_order_id(text)
    if order_id is None:
        return malformed_entry(
            line, text, "not an order id: Klarna's are UUIDs such as 7849fd84-47dc-4919-a7ce-0123456789ab"
        )
    return Entry(line, order_id)


def malformed_entry(line: int, text: str, reason: str) -> Entry:
    """The entry of a line that cannot be used."""
    text = text.strip().encode("utf-8", "replace").decode()  # half of a surrogate pair cannot be encoded
    return Entry(line, order_id=None, problem=Problem.MALFORMED, text=shorten(text), detail=reason)


def lost_order_id(line: int, text: str) -> Entry:
    """The entry of a line that has data and no order id: its order may have been lost in an export."""
    return malformed_entry(line, text, "no order id, and the line has other data: was the id lost in an export?")


def shorten(text: str) -> str:
    """Text for a message or a report."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "..."

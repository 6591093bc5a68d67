"""One parsed line of a manifest: an order id, or the reason why there is none."""

import unicodedata
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from enum import StrEnum
from itertools import islice
from uuid import UUID

from attrs import frozen

from klarna_om.ids import is_uuid

# Word processors replace a hyphen by one of these.
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

MAX_TEXT = 100
"""Characters of a malformed line that are kept for the report."""

CHUNK_SIZE = 1_000
"""Order ids per chunk: few enough to keep an event loop responsive."""


class Problem(StrEnum):
    """Why a line names no order."""

    BLANK = "blank"
    MALFORMED = "malformed"


@frozen
class Entry:
    """A parsed line."""

    line: int
    order_id: str | None
    """In lower case, as Klarna writes it, and without the white space and invisible characters of the manifest."""
    problem: Problem | None = None
    text: str = ""
    detail: str = ""


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
    return Entry(line, order_id=None, problem=Problem.MALFORMED, text=_shorten(text), detail=reason)


def lost_order_id(line: int, text: str) -> Entry:
    """The entry of a line that has data and no order id: its order may have been lost in an export."""
    return malformed_entry(line, text, "no order id, and the line has other data: was the id lost in an export?")


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "..."


async def read_order_ids(order_ids: Iterable[object] | AsyncIterable[object]) -> AsyncIterator[list[Entry]]:
    """Read order ids from memory or from a generator, chunk by chunk; the first has line 1.

    The ids are taken in the event loop's own thread, since a generator over a database may be bound to it.
    Raises `TypeError` for a value that is neither a string nor a UUID.
    """
    line = 0
    if isinstance(order_ids, AsyncIterable):
        chunk: list[Entry] = []
        async for order_id in order_ids:
            line += 1
            chunk.append(_parse_order_id(line, order_id))
            if len(chunk) == CHUNK_SIZE:
                yield chunk
                chunk = []
        yield chunk
        return
    remaining = iter(order_ids)
    while chunk := [_parse_order_id(line + n, order_id) for n, order_id in enumerate(islice(remaining, CHUNK_SIZE), 1)]:
        line += len(chunk)
        yield chunk


def _parse_order_id(line: int, order_id: object) -> Entry:
    if not isinstance(order_id, str | UUID):
        raise TypeError(
            f"order id number {line} is {_shorten(repr(order_id))}, of type {type(order_id).__name__}: a str or a"
            " uuid.UUID is needed"
        )
    return parse_line(line, str(order_id))

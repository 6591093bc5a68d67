"""One line of a manifest, judged: an order to call for, or a reason why not."""

import re
import unicodedata
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from enum import StrEnum
from itertools import islice
from uuid import UUID

from attrs import frozen

# UUID-shaped, of any version: Klarna has issued ids whose version digit no RFC knows, and answers anything else with
# INVALID_ORDER_ID "must be a valid UUID".
_ORDER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

# What word processors make of a hyphen.
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

SHOWN = 100
"""So much of a malformed line is kept for the report."""

CHUNK = 1_000
"""Lines handled at a time: few enough to keep an event loop responsive."""


class Problem(StrEnum):
    """Why a line names no order."""

    BLANK = "blank"
    MALFORMED = "malformed"


@frozen
class Entry:
    """A line with what it says."""

    line: int
    order_id: str | None
    """In lower case, as Klarna writes it, and without the white space and invisible characters of the manifest."""
    problem: Problem | None = None
    text: str = ""
    detail: str = ""


def is_order_id(text: str) -> bool:
    """Is this shaped like a UUID: 8-4-4-4-12 hexadecimal digits?"""
    return _ORDER_ID.fullmatch(text) is not None


def clean(text: str) -> str:
    """Text without white space around it and without characters that nobody sees: zero widths, soft hyphens, marks."""
    if not text.isascii():
        text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return text.strip()


def judged(line: int, text: str) -> Entry:
    """What a line says whose order id, or lack of one, is `text`."""
    order_id = clean(text)
    if not order_id:
        return Entry(line, None, Problem.BLANK)
    order_id = order_id.translate(_HYPHENS).lower()
    if not is_order_id(order_id):
        return malformed(line, text, "not an order id: Klarna's are UUIDs such as 7849fd84-47dc-4919-a7ce-0123456789ab")
    return Entry(line, order_id)


def malformed(line: int, text: str, reason: str) -> Entry:
    """A line that cannot be used."""
    text = text.strip().encode("utf-8", "replace").decode()  # half of a surrogate pair fits in no file
    return Entry(line, None, Problem.MALFORMED, _short(text), reason)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


async def of_order_ids(order_ids: Iterable[object] | AsyncIterable[object]) -> AsyncIterator[list[Entry]]:
    """Entries from order ids in memory or from a generator, chunk by chunk; the first has line 1.

    The ids are taken in the event loop's own thread, since a generator over a database may be bound to it.
    Raises `TypeError` for what is neither text nor a UUID, since no line of a manifest could say it.
    """
    line = 0
    if isinstance(order_ids, AsyncIterable):
        chunk: list[Entry] = []
        async for order_id in order_ids:
            line += 1
            chunk.append(_of(line, order_id))
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
        yield chunk
        return
    remaining = iter(order_ids)
    while chunk := [_of(line + n, order_id) for n, order_id in enumerate(islice(remaining, CHUNK), 1)]:
        line += len(chunk)
        yield chunk


def _of(line: int, order_id: object) -> Entry:
    if not isinstance(order_id, str | UUID):
        raise TypeError(
            f"order id number {line} is {_short(repr(order_id))}, of type {type(order_id).__name__}: a str or a"
            " uuid.UUID is needed"
        )
    return judged(line, str(order_id))

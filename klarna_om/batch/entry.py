"""One line of a manifest, judged: an order to call for, or a reason why not."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from enum import StrEnum
from itertools import islice

from attrs import frozen

# UUID-shaped, of any version: Klarna has issued ids whose version digit no RFC knows, and answers anything else with
# INVALID_ORDER_ID "must be a valid UUID".
_ORDER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

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
    """As it is written in the manifest, without white space around it. Upper and lower case name the same order."""
    problem: Problem | None = None
    text: str = ""
    detail: str = ""


def is_order_id(text: str) -> bool:
    """Is this shaped like a UUID: 8-4-4-4-12 hexadecimal digits?"""
    return _ORDER_ID.fullmatch(text) is not None


def judged(line: int, text: str) -> Entry:
    """What a line says whose order id, or lack of one, is `text`."""
    text = text.strip()
    if not text:
        return Entry(line, None, Problem.BLANK)
    if not is_order_id(text):
        return malformed(line, text, "not an order id: Klarna's are UUIDs such as 7849fd84-47dc-4919-a7ce-0123456789ab")
    return Entry(line, text)


def malformed(line: int, text: str, reason: str) -> Entry:
    """A line that cannot be used."""
    text = text.strip()
    return Entry(line, None, Problem.MALFORMED, text if len(text) <= SHOWN else text[:SHOWN] + "...", reason)


async def of_order_ids(order_ids: Iterable[object] | AsyncIterable[object]) -> AsyncIterator[list[Entry]]:
    """Entries from order ids in memory or from a generator, chunk by chunk; the first has line 1.

    The ids are taken in the event loop's own thread, since a generator over a database may be bound to it.
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
    if isinstance(order_id, str):
        return judged(line, order_id)
    return malformed(line, repr(order_id), f"not an order id: a string is needed, not {type(order_id).__name__}")

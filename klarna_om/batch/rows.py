"""The rows of a job that come from Python: order ids, mappings as in JSON, or `Item`s."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from attrs import field, frozen

from klarna_om.batch.entry import NO_COLUMNS, Entry, shorten
from klarna_om.batch.row_parser import RowParser

CHUNK_SIZE = 1_000
"""Rows per chunk."""

TURN = 50
"""Rows that are parsed in one turn of the event loop, which others may share: a capture takes up to a tenth of a
millisecond."""


@frozen(kw_only=True)
class Item:
    """One write of a job: the order, and what the operation needs beside it.

    Item(order_id=order.klarna_id, content=CaptureObject(captured_amount=700, reference=shipment.id))
    """

    order_id: str | UUID
    content: Any = None
    """The request, as one of Klarna's types."""
    reference: str = ""
    """Your own name for this write; of a capture or refund it is the request's own `reference`."""
    capture_id: str | UUID | None = None
    columns: Mapping[str, object] = field(default=NO_COLUMNS)
    """What you want to see beside it in the report, such as your order number."""


async def read_rows(rows: Iterable[object] | AsyncIterable[object], parser: RowParser) -> AsyncIterator[list[Entry]]:
    """Read rows from memory or from a generator, chunk by chunk; the first has line 1.

    They are taken in the event loop's own thread, since a generator over a database may be bound to it.
    Raises `TypeError` for what is no row at all.
    """
    chunk: list[Entry] = []
    async for line, row in _number(rows):
        chunk.append(_parse(parser, line, row))
        if len(chunk) == CHUNK_SIZE:
            yield chunk
            chunk = []
    yield chunk


async def _number(rows: Iterable[object] | AsyncIterable[object]) -> AsyncIterator[tuple[int, object]]:
    line = 0
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield (line := line + 1), row
        return
    for row in rows:
        if (line := line + 1) % TURN == 0:
            await asyncio.sleep(0)
        yield line, row


def _parse(parser: RowParser, line: int, row: object) -> Entry:
    if isinstance(row, str | UUID):
        return parser.parse_id(line, str(row))
    if isinstance(row, Item):
        content = row.content
        return parser.parse_content(line, row.order_id, content, row.reference, row.capture_id, row.columns)
    if isinstance(row, Mapping):
        return parser.parse_object(line, cast("Mapping[str, object]", row))
    raise TypeError(
        f"row number {line} is {shorten(repr(row))}, of type {type(row).__name__}: an order id (a str or a uuid.UUID),"
        " a mapping or an Item is needed"
    )

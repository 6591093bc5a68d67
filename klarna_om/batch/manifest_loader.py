"""Loads a manifest into the tables of a SQLite journal, all of it or nothing.

A write that is known keeps its row and its state. Its request may change as long as it was never sent; afterwards its
key stands for the first request, and the line is a conflict. So is a line with another request than an earlier line of
the same manifest has under the same reference: which of the two is meant, only a person knows.
"""

import sqlite3
from collections.abc import AsyncIterable, Iterator, Sequence
from typing import Any

import msgspec

from klarna_om.batch.entry import Entry
from klarna_om.batch.journal import Hook
from klarna_om.batch.sqlite_file import execute_script
from klarna_om.batch.writer import Writer

BEGIN = """
BEGIN IMMEDIATE;
DELETE FROM columns;
DELETE FROM lines"""

INSERT_LINE = """
INSERT INTO lines (line, order_id, reference, capture_id, body, columns, problem, text, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_SAME_REQUEST = "({0}.body IS {1}.body AND {0}.capture_id IS {1}.capture_id)"

FIND_CONFLICTS = f"""
UPDATE lines SET problem = 'conflict', detail = 'its request differs from the one that may have been sent under the'
    || ' reference ' || rows.reference || ' (' || rows.state || '), and its key stands for that one: give a new request'
    || ' a reference of its own'
FROM rows WHERE rows.order_id = lines.order_id AND rows.reference = lines.reference AND lines.problem IS NULL
    AND NOT {_SAME_REQUEST.format("lines", "rows")}
    AND (rows.state <> 'pending'
         OR EXISTS (SELECT 1 FROM windows WHERE window = (rows.row - 1) / (SELECT window FROM job)));
UPDATE lines SET problem = 'conflict', detail = 'line ' || first.line || ' has another request under the reference '
    || lines.reference || ': give each a reference of its own'
FROM (SELECT order_id, reference, min(line) AS line FROM lines
      WHERE order_id IS NOT NULL AND problem IS NULL GROUP BY order_id, reference) AS firsts
JOIN lines AS first ON first.line = firsts.line
WHERE lines.order_id = firsts.order_id AND lines.reference = firsts.reference AND lines.line > firsts.line
    AND lines.problem IS NULL AND NOT {_SAME_REQUEST.format("lines", "first")}"""  # noqa: S608 - no value of anybody's

# New writes begin a new window: an old window's stamp means that every row in it may have been sent.
UPDATE_ROWS = f"""
CREATE TEMP TABLE firsts AS
    SELECT order_id, reference, min(line) AS line FROM lines
    WHERE order_id IS NOT NULL AND problem IS NULL GROUP BY order_id, reference;
UPDATE rows SET line = NULL;
UPDATE rows SET line = firsts.line FROM firsts
    WHERE rows.order_id = firsts.order_id AND rows.reference = firsts.reference;
UPDATE rows SET body = lines.body, capture_id = lines.capture_id FROM lines
    WHERE lines.line = rows.line AND NOT {_SAME_REQUEST.format("lines", "rows")};
INSERT INTO rows (row, order_id, reference, capture_id, body, line)
    SELECT (SELECT (coalesce((SELECT max(row) FROM rows), 0) + window - 1) / window * window FROM job)
           + row_number() OVER (ORDER BY firsts.line), firsts.order_id, firsts.reference, capture_id, body, firsts.line
    FROM firsts JOIN lines ON lines.line = firsts.line
    WHERE NOT EXISTS (SELECT 1 FROM rows WHERE rows.order_id = firsts.order_id AND rows.reference = firsts.reference)
    ORDER BY firsts.line;
DROP TABLE firsts"""  # noqa: S608 - no value of anybody's


async def load_manifest(writer: Writer, chunks: AsyncIterable[Sequence[Entry]], then: Hook | None) -> None:
    """Replace the manifest, in one transaction, in which `then` is called too."""
    names: dict[str, None] = {}
    has_requests = False
    try:
        await writer.run(lambda connection: execute_script(connection, BEGIN))
        async for chunk in chunks:
            await writer.run(_inserting(chunk))
            for entry in chunk:
                names.update(dict.fromkeys(entry.columns))
                has_requests = has_requests or entry.body is not None or entry.capture_id is not None
        await writer.run(lambda connection: _finish(connection, list(names), then, has_requests=has_requests))
    except BaseException:
        await writer.run(_roll_back)
        raise


def _inserting(chunk: Sequence[Entry]) -> Hook:
    return lambda connection: connection.executemany(INSERT_LINE, _values(chunk))


def _values(chunk: Sequence[Entry]) -> Iterator[tuple[Any, ...]]:
    for entry in chunk:
        yield (
            entry.line,
            entry.order_id,
            entry.reference,
            entry.capture_id,
            entry.body,
            _encode(entry.columns).decode() if entry.columns else None,
            entry.problem and entry.problem.value,
            entry.text or None,
            entry.detail or None,
        )


_encode = msgspec.json.Encoder().encode


def _finish(connection: sqlite3.Connection, names: list[str], then: Hook | None, *, has_requests: bool) -> None:
    connection.executemany("INSERT INTO columns (position, name) VALUES (?, ?)", enumerate(names, 1))
    if has_requests:
        execute_script(connection, FIND_CONFLICTS)
    execute_script(connection, UPDATE_ROWS)
    if then is not None:
        then(connection)
    connection.execute("COMMIT")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")

"""Loads a manifest into the tables of a SQLite journal, all of it or nothing.

A write that is known keeps its row and its state. Its request may change as long as it was never sent; afterwards its
key stands for the first request, and the line is a conflict. So is a line with another request than an earlier line of
the same manifest has under the same reference: which of the two is meant, only a person knows.
"""

import sqlite3
from collections.abc import AsyncIterable, Sequence
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

# A third of the time of the other, and most manifests have nothing but ids.
INSERT_ID = "INSERT INTO lines (line, order_id, reference) VALUES (?, ?, '')"

_SAME_REQUEST = "(lines.body IS rows.body AND lines.capture_id IS rows.capture_id)"

_SAME_WRITE = "rows.order_id = lines.order_id AND rows.reference = lines.reference AND lines.problem IS NULL"

FIND_SENT = f"""
UPDATE lines SET problem = 'conflict', detail = 'its request differs from the one that may have been sent under the'
    || ' reference ' || rows.reference || ' (' || rows.state || '), and its key stands for that one: give a new request'
    || ' a reference of its own'
FROM rows WHERE {_SAME_WRITE} AND NOT {_SAME_REQUEST}
    AND (rows.state <> 'pending'
         OR EXISTS (SELECT 1 FROM windows WHERE window = (rows.row - 1) / (SELECT window FROM job)))"""  # noqa: S608 - no value of anybody's

ADD_ROWS = """
INSERT OR IGNORE INTO rows (order_id, reference, capture_id, body, line)
    SELECT order_id, reference, capture_id, body, line FROM lines
    WHERE order_id IS NOT NULL AND problem IS NULL ORDER BY line"""

# New writes begin a new window: an old window's stamp means that every row in it may have been sent.
UPDATE_ROWS = f"""
CREATE TEMP TABLE firsts (order_id TEXT COLLATE NOCASE, reference TEXT, line INTEGER, PRIMARY KEY (order_id, reference))
    WITHOUT ROWID;
INSERT INTO firsts SELECT order_id, reference, min(line) FROM lines
    WHERE order_id IS NOT NULL AND problem IS NULL GROUP BY order_id, reference;
UPDATE rows SET line = NULL;
UPDATE rows SET line = firsts.line FROM firsts
    WHERE rows.order_id = firsts.order_id AND rows.reference = firsts.reference;
UPDATE rows SET body = lines.body, capture_id = lines.capture_id FROM lines
    WHERE lines.line = rows.line AND NOT {_SAME_REQUEST};
INSERT INTO rows (row, order_id, reference, capture_id, body, line)
    SELECT (SELECT (max(row) + window - 1) / window * window FROM rows, job)
           + row_number() OVER (ORDER BY firsts.line), firsts.order_id, firsts.reference, capture_id, body, firsts.line
    FROM firsts JOIN lines ON lines.line = firsts.line
    WHERE NOT EXISTS (SELECT 1 FROM rows WHERE rows.order_id = firsts.order_id AND rows.reference = firsts.reference)
    ORDER BY firsts.line;
DROP TABLE firsts"""  # noqa: S608 - no value of anybody's

FIND_CONTRADICTIONS = f"""
UPDATE lines SET problem = 'conflict', detail = 'line ' || rows.line || ' has another request under the reference '
    || lines.reference || ': give each a reference of its own'
FROM rows WHERE {_SAME_WRITE} AND lines.line > rows.line AND NOT {_SAME_REQUEST}"""  # noqa: S608 - no value of anybody's


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
    def insert(connection: sqlite3.Connection) -> None:
        connection.executemany(INSERT_ID, [(entry.line, entry.order_id) for entry in chunk if entry.is_plain])
        connection.executemany(INSERT_LINE, (_values(entry) for entry in chunk if not entry.is_plain))

    return insert


def _values(entry: Entry) -> tuple[Any, ...]:
    return (
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
    (is_known,) = connection.execute("SELECT EXISTS (SELECT 1 FROM rows)").fetchone()
    if is_known and has_requests:
        connection.execute(FIND_SENT)
    execute_script(connection, UPDATE_ROWS if is_known else ADD_ROWS)
    if has_requests:
        connection.execute(FIND_CONTRADICTIONS)
    if then is not None:
        then(connection)
    connection.execute("COMMIT")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")

"""How rows are taken up again: later, by Klarna's schedule, or because a person says so."""

import sqlite3
from typing import Any

from klarna_om.batch import schema
from klarna_om.batch.sqlite_file import query_number
from klarna_om.batch.writer import transaction


def retry(connection: sqlite3.Connection, scripts: list[str], code: str | None) -> int:
    """Execute the scripts of `schema` for the rows with this error code; returns how many rows changed."""
    changes = 0
    with transaction(connection):
        for statement in ";".join(scripts).split(";"):
            changed = connection.execute(statement, {"code": code} if ":code" in statement else {})
            changes += max(changed.rowcount, 0)
        connection.execute("DROP TABLE IF EXISTS temp.again")
    return changes


def postpone(connection: sqlite3.Connection, values: list[tuple[Any, ...]]) -> int:
    """Move unknown rows on in the schedule; returns how many are escalated."""
    count = "SELECT count(*) FROM rows WHERE state = 'escalated'"
    with transaction(connection):
        before = query_number(connection, count)
        connection.executemany(schema.POSTPONE, values)
        return query_number(connection, count) - before
